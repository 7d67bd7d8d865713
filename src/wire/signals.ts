import * as v from 'valibot';
import { SIGNAL_BYTES } from './limits.js';
import { bytes, codec, count, time } from './schema.js';

/**
 * What members of a group tell each other in passing: it is sealed for the group and reaches those who are there; nobody
 * keeps it, and what is lost is not sent again. All are of one length. What isn't known is ignored.
 */

const common = {
  /** Grows with every signal of a device, so that none counts twice. */
  at: time(),
  pad: bytes(SIGNAL_BYTES),
};

const schema = v.variant('type', [
  v.object({ ...common, type: v.literal('typing'), active: v.boolean() }),
  /** The speaker has read everything up to this place of the log. */
  v.object({ ...common, type: v.literal('read'), through: count() }),
]);
type Padded = v.InferOutput<typeof schema>;
type Unpadded<T> = T extends unknown ? Omit<T, 'pad'> : never;
export type Signal = Unpadded<Padded>;
/** What a person has to say; when is added. */
export type SignalInit = Signal extends infer S ? (S extends unknown ? Omit<S, 'at'> : never) : never;

const padded = codec(schema, SIGNAL_BYTES);
/** Bytes of an empty pad's head and of one that needs two more for its length. */
const SHORT_PAD = 23;

export function encodeSignal(signal: Signal): Uint8Array {
  const bare = padded.encode({ ...signal, pad: new Uint8Array() } as Padded).length;
  const left = SIGNAL_BYTES - bare;
  // A byte string longer than 23 has a head of two bytes.
  const pad = left > SHORT_PAD ? left - 1 : left;
  return padded.encode({ ...signal, pad: new Uint8Array(pad) } as Padded);
}

/** @throws Failure 'malformed' */
export const decodeSignal = (encoded: Uint8Array): Signal => padded.decode(encoded);
