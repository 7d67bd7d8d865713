import * as v from 'valibot';
import { decodeCbor, encodeCbor, unexpected } from './cbor.js';

/**
 * Type, encoder and decoder from one schema. Objects ignore the fields they don't know, so that an older program
 * understands a newer one; everything else is judged exactly.
 */

export type Schema<T> = v.GenericSchema<unknown, T>;

export interface Codec<T> {
  encode(value: T): Uint8Array;
  /** @throws Failure 'malformed' */
  decode(bytes: Uint8Array): T;
}

export function codec<T>(schema: Schema<T>, maxBytes: number): Codec<T> {
  return {
    encode: (value) => encodeCbor(value),
    decode: (bytes) => parse(schema, decodeCbor(bytes, maxBytes)),
  };
}

/** @throws Failure 'malformed' naming the field that is wrong, never its content. */
export function parse<T>(schema: Schema<T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = issue.path?.map((item) => String(item.key).slice(0, 32)).join('.') ?? '';
  throw unexpected(
    `${field === '' ? 'its form' : `field '${field}'`} is not as agreed (${issue.expected ?? issue.type})`,
  );
}

// --- The vocabulary of the schemas ---

const encoder = new TextEncoder();

/** A byte string of at most `max` bytes. */
export const bytes = (max: number, min = 0) =>
  v.pipe(
    v.instance(Uint8Array<ArrayBufferLike>),
    v.check((value) => value.length <= max && value.length >= min, `${min} to ${max} bytes`),
  );

/** A byte string of exactly `length` bytes. */
export const exactly = (length: number) => bytes(length, length);

/** Text of at most `max` bytes of UTF-8. */
export const text = (max: number) =>
  v.pipe(
    v.string(),
    v.check((value) => value.length <= max && encoder.encode(value).length <= max, `at most ${max} bytes`),
  );

/** As much of the value as `text(max)` takes: what is told of somebody else's words must not be more than its reader takes. */
export function clipped(value: string, max: number): string {
  if (value.length <= max && encoder.encode(value).length <= max) return value;
  let kept = '';
  let left = max - encoder.encode('…').length;
  for (const character of value) {
    left -= encoder.encode(character).length;
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** An integer from 0 to `max`, both inclusive. */
export const count = (max: number = Number.MAX_SAFE_INTEGER) =>
  v.pipe(
    v.number(),
    v.check((value) => Number.isSafeInteger(value) && value >= 0 && value <= max, `0 to ${max}`),
  );

/** Milliseconds since 1970, until the year 9999. */
export const time = () => count(253_402_300_799_999);

export const list = <T>(item: Schema<T>, max: number) => v.pipe(v.array(item), v.maxLength(max));
