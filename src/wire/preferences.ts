import * as v from 'valibot';
import { NAME_CHARS, PREFERENCES_BYTES, PREFERENCES_ITEMS } from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, codec, count, exactly, list, text } from './schema.js';

/**
 * What the devices of an account share of what its person wants. The directory keeps one sealed state of it and can't read
 * it; devices take it in, put together what they and it say, and leave the result.
 */

/** Names a state: the first half of SHA-256 over it as it is sealed. */
export const preferencesTag = exactly(16);
const sealed = bytes(PREFERENCES_BYTES, 1);

/** On p2pchat/1. */
export const preferenceMethods = {
  'preferences.get': method(nothing, v.object({ preferences: v.optional(v.object({ tag: preferencesTag, sealed })) })),
  /** In place of the state `after`, or of none; fails with 'preferences-moved' where there is another one. */
  'preferences.put': method(v.object({ sealed, after: v.optional(preferencesTag) }), nothing),
};

/** `name`: `readReceipts`, `typing`, `muted:` or `blocked:` and a conversation. `count` grows with each change. */
const preference = v.object({ name: text(NAME_CHARS + 16), on: v.boolean(), count: count() });
export type SharedPreference = v.InferOutput<typeof preference>;

const PAD_BYTES = 256;

const stateCodec = codec(
  v.object({ items: list(preference, PREFERENCES_ITEMS), pad: bytes(PAD_BYTES) }),
  PREFERENCES_BYTES,
);

/** In the order of their names, so that the same makes the same bytes; padded, so that the length says little. */
export function encodePreferences(items: readonly SharedPreference[]): Uint8Array {
  const sorted = [...items].sort((one, other) => (one.name < other.name ? -1 : 1));
  const bare = stateCodec.encode({ items: sorted, pad: new Uint8Array(0) }).length;
  const lacking = PAD_BYTES - (bare % PAD_BYTES);
  return stateCodec.encode({ items: sorted, pad: new Uint8Array(lacking) });
}

/** @throws Failure protocol */
export const decodePreferences = (encoded: Uint8Array): readonly SharedPreference[] => stateCodec.decode(encoded).items;
