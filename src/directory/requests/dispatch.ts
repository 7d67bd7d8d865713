import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { MethodName, MethodTable, Params, Result } from '../../wire/rpc.js';
import { parse, type Schema } from '../../wire/schema.js';
import type { RefusalLog } from '../guard/refusal-log.js';
import type { Meter } from '../metrics/meter.js';
import { deedOf } from './deeds.js';

/** One function for each request, the same for all channels; `Context` is the channel's side of it. */
export type Handlers<T extends MethodTable, Context> = {
  readonly [M in MethodName<T>]: (context: Context, params: Params<T, M>) => Result<T, M> | Promise<Result<T, M>>;
};

/** Who asks, as the log names them. */
export interface Caller {
  readonly user?: string | undefined;
  readonly device?: string | undefined;
  readonly address: string;
}

export interface Request<T extends MethodTable, Context, M extends MethodName<T>> {
  readonly context: Context;
  readonly method: M;
  readonly params: Params<T, M>;
  caller(): Caller;
  /** Throws where the request may not be made now, by this caller. */
  admit(): void;
  /** Takes its cost: undefined where it can begin at once. Throws where it may not be waited for. */
  spend(): Promise<void> | undefined;
}

/** What an answer has to look like, as whoever asked will judge it. */
export type Answers<T extends MethodTable> = { readonly [M in MethodName<T>]: Pick<T[M], 'result'> };

export interface DispatchInit {
  readonly log: Logger;
  readonly refusals: RefusalLog;
  readonly clock: Clock;
  readonly meter?: Meter;
  readonly namedGroups?: { nameOf(group: Uint8Array): string | undefined };
  /** The store can't be written any more. */
  onBroken(error: Failure): void;
}

/** Runs one request, and logs whose it was, what it did and how it ended: never what was in it. */
export async function dispatch<T extends MethodTable, Context, M extends MethodName<T>>(
  { log, refusals, clock, meter, namedGroups, onBroken }: DispatchInit,
  answers: Answers<T>,
  handlers: Handlers<T, Context>,
  { context, method, params, caller, admit, spend }: Request<T, Context, M>,
): Promise<Result<T, M>> {
  const began = clock.monotonic();
  const ms = () => Math.round(clock.monotonic() - began);
  const said = (outcome: string) => {
    const deed = deedOf(method, params as object, (group) => namedGroups?.nameOf(group));
    return { ...caller(), command: method, ...(deed !== undefined && { deed }), outcome };
  };
  try {
    admit();
    // Without a wait it begins in this very turn: requests keep their order.
    const wait = spend();
    if (wait !== undefined) await wait;
    const result = await handlers[method](context, params);
    assertForm(method, answers[method].result, result);
    meter?.request(method, clock.monotonic() - began);
    log.info('command', { ...said('ok'), ms: ms() });
    return result;
  } catch (error) {
    const failure = toFailure(error);
    meter?.request(method, clock.monotonic() - began, failure);
    if (failure.reason === 'internal' || failure.reason === 'storage') {
      const error = failure.reason === 'internal' && { error: failure.message };
      log.error('command', { ...said(failure.code), ms: ms(), ...error });
    } else refusals.note(said(failure.code), ms());
    if (failure.code === 'store-failed') onBroken(failure);
    throw atTheEdge(failure);
  }
}

/** Who answers holds the bounds that who asks has: what exceeds them is a fault here, and is not found out there. */
function assertForm(method: string, schema: Schema<unknown>, result: unknown): void {
  try {
    parse(schema, result);
  } catch (error) {
    throw new Failure('answer-form', `the answer to '${method}' is not of its form`, { cause: error });
  }
}

/** What of a failure may leave: nothing of the store's inside. */
function atTheEdge(failure: Failure): Failure {
  if (failure.reason !== 'storage') return failure;
  if (failure.code === 'disk-full') {
    return new Failure('directory-full');
  }
  return new Failure('directory-storage');
}
