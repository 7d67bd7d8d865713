import { isUtf8 } from 'node:buffer';
import { decode, encode } from 'cborg';
import { Failure } from '../base/errors.js';
import { CBOR_DEPTH, CBOR_ITEMS } from './limits.js';

/**
 * The only door between bytes and values (RFC 8949, definite lengths, no tags, no floats but finite ones). A value that
 * comes out used every byte that went in, is at most CBOR_DEPTH deep and CBOR_ITEMS large, and has no key twice.
 */

const malformed = (why: string, cause?: unknown): Failure =>
  new Failure('malformed', `malformed message: ${why}`, { cause });

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
} as const;

/** Nothing of it is sent or stored. */
export const unencodable = (why: string, cause?: unknown): Failure =>
  new Failure('unencodable', `this can't be sent or kept: ${why}`, { cause });

/** What `decodeCbor` refuses, said without a side: which one it is of decides what the error is. */
class Flaw extends Error {}

/** @throws Failure 'unencodable' for what `decodeCbor` would refuse */
export function encodeCbor(value: unknown): Uint8Array {
  try {
    const bytes = encode(value, { ignoreUndefinedProperties: true });
    measure(bytes);
    return bytes;
  } catch (error) {
    throw error instanceof Flaw ? unencodable(error.message) : unencodable('not a value of CBOR', error);
  }
}

/** @throws Failure 'malformed'. `maxBytes` is judged before anything is allocated. */
export function decodeCbor(bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.length > maxBytes) throw malformed(`${bytes.length} bytes where ${maxBytes} are allowed`);
  try {
    measure(bytes);
    return decode(bytes, DECODE_OPTIONS);
  } catch (error) {
    throw error instanceof Flaw ? malformed(error.message) : malformed('not valid CBOR', error);
  }
}

/** Walks the heads alone, so that a hostile message costs no more than its own length. */
function measure(bytes: Uint8Array): void {
  const open: number[] = [];
  let at = 0;
  let items = 0;
  do {
    const { next, children } = head(bytes, at);
    at = next;
    if (++items > CBOR_ITEMS) throw new Flaw('too many items');
    if (children > 0) {
      if (open.length === CBOR_DEPTH) throw new Flaw('nested too deeply');
      open.push(children);
    } else {
      closeFinished(open);
    }
  } while (open.length > 0);
  if (at !== bytes.length) throw new Flaw('trailing bytes');
}

function closeFinished(open: number[]): void {
  while (open.length > 0) {
    const left = open.pop()! - 1;
    if (left > 0) {
      open.push(left);
      return;
    }
  }
}

/** Reads one head (RFC 8949 §3): where the next begins, and how many items stand inside this one. */
function head(bytes: Uint8Array, at: number): { next: number; children: number } {
  const initial = bytes[at];
  if (initial === undefined) throw new Flaw('cut short');
  const major = initial >> 5;
  const [argument, next] = argumentOf(bytes, at + 1, initial & 31);
  if (major === 6) throw new Flaw('tags are not used here');
  if (major === 2 || major === 3) {
    if (argument > bytes.length - next) throw new Flaw('cut short');
    // The decoder would replace what is not UTF-8, and two different texts would be one.
    if (major === 3 && !isUtf8(bytes.subarray(next, next + argument))) throw new Flaw('text that is not UTF-8');
    return { next: next + argument, children: 0 };
  }
  if (major === 4) return { next, children: argument };
  if (major === 5) return { next, children: argument * 2 };
  if (major === 7) assertSimple(bytes, at);
  return { next, children: 0 };
}

/** Of major type 7: false, true, null and finite floats. Those of 16, 32 and 64 bits have their exponent in 5, 8, 11 bits. */
function assertSimple(bytes: Uint8Array, at: number): void {
  const info = bytes[at]! & 31;
  if (info >= 20 && info <= 22) return;
  if (info < 25) throw new Flaw('a value that has no use here');
  const exponent = info === 25 ? 0x7c00 : info === 26 ? 0x7f80 : 0x7ff0;
  const top = bytes[at + 1]! * 256 + bytes[at + 2]!;
  if ((top & exponent) === exponent) throw new Flaw('a number that is not finite');
}

function argumentOf(bytes: Uint8Array, at: number, info: number): [argument: number, next: number] {
  if (info < 24) return [info, at];
  if (info > 27) throw new Flaw('indefinite lengths are not used here');
  const width = 1 << (info - 24);
  if (at + width > bytes.length) throw new Flaw('cut short');
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at + i]!;
  return [value, at + width];
}

/** Builds the error for a message that is valid CBOR and not what was expected. */
export const unexpected = (why: string): Failure => malformed(why);
