import * as v from 'valibot';
import { DEVICE_LABEL_CHARS, DEVICES_PER_ACCOUNT, NAME_CHARS } from './limits.js';
import { presenceSchema } from './presence.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';

/** What a person does with the account itself: getting back in, and its devices. */

const opaqueMessage = bytes(1024, 16);
/** Hex of the first 8 bytes of SHA-256 over the device's public key. */
const deviceId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** On p2pchat-enrol/1. */
export const recoveryMethods = {
  /** `proof`: the identity key's signature over this channel and this request (crypto/recovery.ts). */
  'recover.start': method(
    v.object({ user: text(NAME_CHARS), request: opaqueMessage, proof: exactly(64) }),
    v.object({ response: opaqueMessage }),
  ),
  /** Within a minute of recover.start on this channel: the new password. Logging in with it comes next. */
  'recover.finish': method(v.object({ record: opaqueMessage, backup: bytes(512) }), nothing),
};

const device = v.object({
  device: deviceId,
  label: text(DEVICE_LABEL_CHARS),
  addedAt: time(),
  lastSeen: time(),
  state: presenceSchema,
});
export type OwnDevice = v.InferOutput<typeof device>;

/** On p2pchat/1. */
export const deviceMethods = {
  'devices.list': method(nothing, v.object({ devices: list(device, DEVICES_PER_ACCOUNT) })),
  /** Only within a minute of login.finish on this channel. */
  'devices.revoke': method(v.object({ device: deviceId }), v.object({ revoked: count() })),
};
