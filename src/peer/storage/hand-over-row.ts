import * as v from 'valibot';
import { historyCursor } from '../../wire/peer-link.js';
import { count, text } from '../../wire/schema.js';

export const handOverRow = v.object({
  device: text(16),
  /** Of its own, this device has all up to that revision of its store. */
  since: count(),
  /** Where the present giving stands, and the revision it goes up to. */
  at: v.optional(historyCursor),
  mark: v.optional(count()),
  lines: count(),
});
export type HandOverRow = v.InferOutput<typeof handOverRow>;

/** A device that has asked for what is kept here, and whether its person has said here that it may have it. */
export const sharingRow = v.object({ device: text(16), allowed: v.boolean() });

export const wishRow = v.object({ history: v.picklist(['all', 'none']), seconds: v.optional(count()) });
