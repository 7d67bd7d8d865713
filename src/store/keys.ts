import { badName, tooLarge } from './failures.js';
import { MAX_KEY_LENGTH, MAX_SPACE_LENGTH, MAX_VALUE_BYTES, type RangeOptions } from './store.js';

const KEY = new RegExp(`^[\\x20-\\x7e]{1,${MAX_KEY_LENGTH}}$`);
const SPACE = new RegExp(`^[A-Za-z0-9_.-]{1,${MAX_SPACE_LENGTH}}$`);

/** One more than the last character a key may hold: `prefix + AFTER_ALL` is above every key with that prefix. */
const AFTER_ALL = '\x7f';

export function assertKey(key: string): void {
  if (!KEY.test(key)) throw badName('a key', key);
}

export function assertSpace(space: string): void {
  if (!SPACE.test(space)) throw badName('a space', space);
}

export function assertValue(value: Uint8Array): void {
  if (value.length > MAX_VALUE_BYTES) throw tooLarge(value.length, MAX_VALUE_BYTES);
}

/**
 * A key from segments of any text, each percent-encoded except for unreserved characters (RFC 3986, section 2.3) and
 * `@`, so that no segment can hold a `/` or look like two. Everything below `path('a')` begins with `path('a') + '/'`.
 * Throws `store-key` when it gets too long or holds lone surrogates.
 */
export function path(...segments: readonly (string | number)[]): string {
  const key = segments.map(escapeSegment).join('/');
  assertKey(key);
  return key;
}

function escapeSegment(segment: string | number): string {
  if (typeof segment === 'number') return ordered(segment);
  if (segment === '') throw badName('a segment of a key', segment);
  try {
    return encodeURIComponent(segment)
      .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%40', '@');
  } catch {
    throw badName('a segment of a key', segment);
  }
}

/** A non-negative integer as text that sorts like the number: 14 hexadecimal digits. */
export function ordered(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw badName('a number in a key', String(value));
  return value.toString(16).padStart(14, '0');
}

/** The number in a segment that `ordered` made. */
export const unordered = (segment: string): number => Number.parseInt(segment, 16);

/** The segments of a key that `path` made; numbers stay text. */
export const segments = (key: string): string[] => key.split('/').map(decodeURIComponent);

/** The half-open interval of keys which the options ask for. */
export function bounds(options: RangeOptions): { readonly from: string; readonly to: string } {
  const { prefix = '', from = '', to = AFTER_ALL } = options;
  const end = prefix + AFTER_ALL;
  return { from: from > prefix ? from : prefix, to: to < end ? to : end };
}
