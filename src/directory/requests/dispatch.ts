import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { MethodName, MethodTable, Params, Result } from '../../wire/rpc.js';

export type Handlers<T extends MethodTable> = {
  readonly [M in MethodName<T>]: (params: Params<T, M>) => Result<T, M> | Promise<Result<T, M>>;
};

/** Who asks, as the log names them. */
export interface Caller {
  readonly user?: string | undefined;
  readonly device?: string | undefined;
  readonly address: string;
}

export interface DispatchInit {
  readonly log: Logger;
  readonly clock: Clock;
  /** The store can't be written any more. */
  onBroken(error: Failure): void;
}

/** Runs one request, and logs whose it was, its name and how it ended: never what was in it. */
export async function dispatch<T extends MethodTable, M extends MethodName<T>>(
  { log, clock, onBroken }: DispatchInit,
  handlers: Handlers<T>,
  { caller, method, params }: { caller: () => Caller; method: M; params: Params<T, M> },
): Promise<Result<T, M>> {
  const began = clock.monotonic();
  const fields = (outcome: string) => ({
    ...caller(),
    command: method,
    outcome,
    ms: Math.round(clock.monotonic() - began),
  });
  try {
    const result = await handlers[method](params);
    log.info('command', fields('ok'));
    return result;
  } catch (error) {
    const failure = toFailure(error);
    log[failure.reason === 'internal' || failure.reason === 'storage' ? 'error' : 'info']('command', {
      ...fields(failure.code),
      ...(failure.reason === 'internal' && { error: failure.message }),
    });
    if (failure.code === 'store-failed') onBroken(failure);
    throw atTheEdge(failure);
  }
}

/** What of a failure may leave: nothing of the store's inside. */
function atTheEdge(failure: Failure): Failure {
  if (failure.reason !== 'storage') return failure;
  if (failure.code === 'disk-full') {
    return new Failure('storage', 'directory-full', "the directory's disk is full: nothing was stored", {
      hint: 'Its operator has to free some space. Your message stays queued here and is sent then.',
    });
  }
  return new Failure('unreachable', 'directory-storage', 'the directory cannot store anything at the moment', {
    hint: 'Its operator has to look into its log. Your message stays queued here and is sent then.',
  });
}
