import * as v from 'valibot';
import { type PlainFailure, toFailure } from '../base/errors.js';
import { FRAME_BYTES } from './limits.js';
import { type Codec, clipped, codec, count, type Schema, text } from './schema.js';

/**
 * What a frame carries: a request, its answer, a notice, or a sign of life. Requests of one side are numbered from 1, upwards; every
 * request has exactly one answer. Method names and their params and results are tables (directory.ts, peer-link.ts).
 */

export interface Method<Params = unknown, Result = unknown> {
  readonly params: Schema<Params>;
  readonly result: Schema<Result>;
}
export type MethodTable = Readonly<Record<string, Method>>;
export type NoticeTable = Readonly<Record<string, Schema<unknown>>>;

export type MethodName<T extends MethodTable> = keyof T & string;
export type Params<T extends MethodTable, M extends MethodName<T>> = v.InferOutput<T[M]['params']>;
export type Result<T extends MethodTable, M extends MethodName<T>> = v.InferOutput<T[M]['result']>;
export type NoticeName<T extends NoticeTable> = keyof T & string;
export type Notice<T extends NoticeTable, N extends NoticeName<T>> = v.InferOutput<T[N]>;

/** One handler for each notice: a new one that nobody handles does not compile. */
export type NoticeHandlers<T extends NoticeTable> = {
  readonly [N in NoticeName<T>]: (params: Notice<T, N>) => Promise<void> | void;
};

export const method = <P extends Schema<unknown>, R extends Schema<unknown>>(params: P, result: R) => ({
  params,
  result,
});

/** Params or results that say nothing. */
export const nothing = v.object({});

/** Absent it would come out as no field at all. */
const present = v.pipe(
  v.unknown(),
  v.check((value) => value !== undefined, 'present'),
);

const name = v.pipe(v.string(), v.regex(/^[a-z][a-z.-]{0,39}$/));

const MESSAGE_BYTES = 1024;
const DETAIL_BYTES = 256;

const WireError = v.object({
  reason: text(16),
  code: text(64),
  message: text(MESSAGE_BYTES),
  hint: text(MESSAGE_BYTES),
  details: v.optional(v.record(text(32), v.union([text(DETAIL_BYTES), v.number(), v.boolean()]))),
});

const MessageSchema = v.variant('t', [
  v.object({ t: v.literal('q'), i: count(), m: name, p: present }),
  v.object({ t: v.literal('a'), i: count(), r: v.optional(v.unknown()), e: v.optional(WireError) }),
  v.object({ t: v.literal('n'), m: name, p: present }),
  v.object({ t: v.literal('ping') }),
  v.object({ t: v.literal('pong') }),
]);

export type RpcMessage = v.InferOutput<typeof MessageSchema>;

export const rpcMessage: Codec<RpcMessage> = codec(MessageSchema, FRAME_BYTES);

/**
 * What a failure tells the other side. Faults of this program say only that they happened: messages of libraries may
 * hold paths or contents.
 */
export function toWireError(error: unknown): PlainFailure {
  const failure = toFailure(error);
  if (failure.reason === 'internal') {
    return {
      reason: 'internal',
      code: 'internal',
      message: 'the other side could not do this',
      hint: 'Try again; if it stays so, look into its log.',
    };
  }
  const { reason, code, message, hint, details = {} } = failure.plain;
  const told = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? clipped(value, DETAIL_BYTES) : value,
  ]);
  return {
    ...{ reason, code, message: clipped(message, MESSAGE_BYTES), hint: clipped(hint, MESSAGE_BYTES) },
    ...(told.length > 0 && { details: Object.fromEntries(told) }),
  };
}
