import * as v from 'valibot';
import {
  DEVICE_LABEL_CHARS,
  DEVICES_FORMER,
  DEVICES_PER_ACCOUNT,
  FACTOR_RECOVERY_CODES,
  FACTOR_SECRET_BYTES,
  NAME_CHARS,
} from './limits.js';
import { presenceSchema } from './presence.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';

/** What a person does with the account itself: getting back in, its second factor, and its devices. */

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
  /** The device that let it in by a code; absent where it came by the password. */
  by: v.optional(deviceId),
});

/** A device that was revoked or logged out, so that nobody comes and goes unnoticed. */
export const formerDevice = v.object({
  device: deviceId,
  label: text(DEVICE_LABEL_CHARS),
  addedAt: time(),
  endedAt: time(),
});
export type FormerDevice = v.InferOutput<typeof formerDevice>;

/** On p2pchat/1. */
export const deviceMethods = {
  'devices.list': method(
    nothing,
    v.object({
      devices: list(device, DEVICES_PER_ACCOUNT),
      /** As of which change of the account's devices. */
      version: v.optional(count()),
      /** The latest, oldest first. */
      former: v.optional(list(formerDevice, DEVICES_FORMER)),
    }),
  ),
  /** Only within a minute of login.finish on this channel. */
  'devices.revoke': method(v.object({ device: deviceId }), v.object({ revoked: count() })),
};

/** Digits from the app, or a recovery code. */
export const factorCode = text(32);
const recoveryCodes = list(text(32), FACTOR_RECOVERY_CODES);

export const factorState = v.picklist(['off', 'pending', 'on']);
export type FactorState = v.InferOutput<typeof factorState>;

/** On p2pchat/1. All but the first two only within a minute of login.finish on this channel. */
export const factorMethods = {
  'factor.status': method(
    nothing,
    v.object({
      state: factorState,
      /** Recovery codes that are left. */
      codes: count(),
      /** The account's role needs one on this directory. */
      required: v.boolean(),
    }),
  ),
  /** Turns it on: the code shows that the app has the secret. The recovery codes are told this once. */
  'factor.confirm': method(v.object({ code: factorCode }), v.object({ codes: recoveryCodes })),
  /** A new secret, which counts once it is confirmed. */
  'factor.begin': method(nothing, v.object({ secret: exactly(FACTOR_SECRET_BYTES) })),
  /** New recovery codes; the old ones are worth nothing. */
  'factor.codes': method(nothing, v.object({ codes: recoveryCodes })),
  'factor.off': method(nothing, nothing),
};
