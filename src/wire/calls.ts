import * as v from 'valibot';
import { addresses } from './address.js';
import { CALL_BYTES, NAME_CHARS, TRANSFER_CANDIDATES } from './limits.js';
import { method } from './rpc.js';
import { bytes, codec, exactly, list, text } from './schema.js';

/**
 * How two devices that can't dial each other agree on a tunnel (datagrams/tunnel.ts): the directory passes on a call, and its
 * answer, at once or never. Both are sealed for the other account; the directory learns who calls whom, and nothing more.
 */

const device = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const sealed = bytes(CALL_BYTES, 1);
const address = v.object({ user: text(NAME_CHARS), device });

export const callMethods = {
  /** `there`: whether the device is connected and takes calls. */
  call: method(v.object({ ...address.entries, sealed }), v.object({ there: v.boolean() })),
};

export const callNotices = {
  call: v.object({ from: address, sealed }),
};

const callSchema = v.object({
  /** Of the call; its answer has the same. */
  id: exactly(16),
  kind: v.picklist(['call', 'answer']),
  /** Of this side: the keys are made of both. */
  nonce: exactly(16),
  /** Versions of tunnels that the caller speaks; the answer names the one that is used. */
  versions: list(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 8),
  candidates: addresses(TRANSFER_CANDIDATES),
});
export type Call = v.InferOutput<typeof callSchema>;
export const callCodec = codec(callSchema, CALL_BYTES);
