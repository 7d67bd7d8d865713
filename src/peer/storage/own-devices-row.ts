import * as v from 'valibot';
import { DEVICES_FORMER, DEVICES_PER_ACCOUNT } from '../../wire/limits.js';
import { count, list, text, time } from '../../wire/schema.js';

const id = text(16);
const name = text(512);

/** A device of this account that its person knows of, or has been told of. */
const knownDevice = v.object({
  device: id,
  name,
  /** Undefined for one that the directory has not listed. */
  addedAt: v.optional(time()),
});
export type KnownDevice = v.InferOutput<typeof knownDevice>;

const deviceChange = v.object({
  state: v.picklist(['added', 'revoked']),
  device: id,
  name,
  at: time(),
  unlisted: v.optional(v.literal(true)),
});
export type DeviceChange = v.InferOutput<typeof deviceChange>;

/** Changes that wait for somebody to be told; of more the oldest go. */
export const UNTOLD = 64;
/** Devices that are remembered though the directory does not list them. */
export const UNLISTED = 64;

export const ownDevicesRow = v.object({
  /** The directory's, as of the list that was compared last. */
  version: count(),
  devices: list(knownDevice, DEVICES_PER_ACCOUNT + UNLISTED),
  /** Those of the last list that are no more. */
  former: list(v.object({ device: id, addedAt: time() }), DEVICES_FORMER),
  /** What nobody was there to be told of yet. */
  untold: list(deviceChange, UNTOLD),
});
export type OwnDevicesRow = v.InferOutput<typeof ownDevicesRow>;
