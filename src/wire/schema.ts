import * as v from 'valibot';
import { decodeCbor, encodeCbor, unencodable, unexpected } from './cbor.js';

/**
 * Type, encoder and decoder from one schema. Objects ignore the fields they don't know, so that an older program
 * understands a newer one; everything else is judged exactly, and the same in both directions: whatever encodes, decodes.
 */

export type Schema<T> = v.GenericSchema<unknown, T>;

export interface Codec<T> {
  readonly schema: Schema<T>;
  /** @throws Failure limit 'unencodable' where `decode` would not take it, naming the field and its limit */
  encode(value: T): Uint8Array;
  /** @throws Failure 'malformed' */
  decode(bytes: Uint8Array): T;
}

/** @param judge what the schema cannot say: returns why not */
export function codec<T>(schema: Schema<T>, maxBytes: number, judge?: (value: T) => string | undefined): Codec<T> {
  const flaw = (value: T): string | undefined => flawOf(schema, value) ?? judge?.(value);
  return {
    schema,
    encode(value) {
      const why = flaw(value);
      if (why !== undefined) throw unencodable(why);
      const bytes = encodeCbor(value);
      if (bytes.length > maxBytes) throw unencodable(`${bytes.length} bytes where ${maxBytes} are allowed`);
      return bytes;
    },
    decode(bytes) {
      const value = parse(schema, decodeCbor(bytes, maxBytes));
      const why = judge?.(value);
      if (why !== undefined) throw unexpected(why);
      return value;
    },
  };
}

/** @throws Failure 'malformed' naming the field that is wrong, never its content. */
export function parse<T>(schema: Schema<T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw unexpected(sayIssue(result.issues[0]));
}

/** For what is about to be said: a value that the other side would not take is refused on this one. */
export function assertSayable(schema: Schema<unknown>, value: unknown): void {
  const why = flawOf(schema, value);
  if (why !== undefined) throw unencodable(why);
}

function flawOf(schema: Schema<unknown>, value: unknown): string | undefined {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? undefined : sayIssue(result.issues[0]);
}

function sayIssue(issue: v.BaseIssue<unknown>): string {
  const field = issue.path?.map((item) => String(item.key).slice(0, 32)).join('.') ?? '';
  return `${field === '' ? 'its form' : `field '${field}'`} is not as agreed (${expectationOf(issue)})`;
}

/** Of a check it is the message that names the limit. */
const expectationOf = ({ type, expected, message, requirement }: v.BaseIssue<unknown>): string =>
  type === 'check' && typeof requirement === 'function' ? message : (expected ?? type);

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

/** A surrogate without its other half has no UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const isWellFormed = (value: string): boolean => !LONE_SURROGATE.test(value);

/** Text of at most `max` bytes of UTF-8. */
export const text = (max: number) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => value.length <= max && encoder.encode(value).length <= max && isWellFormed(value),
      `at most ${max} bytes of well-formed text`,
    ),
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
