import * as v from 'valibot';
import { count, exactly, list, text } from '../../wire/schema.js';

/** What this person wants, on all their devices where nothing else is said. */
export const preferencesRow = v.object({
  readReceipts: v.boolean(),
  typing: v.boolean(),
  /** Of this installation alone. */
  lan: v.optional(v.boolean()),
  mapping: v.optional(v.boolean()),
  upgrades: v.optional(v.boolean()),
  /** Conversations, folded. */
  muted: list(text(64), 4096),
  /** People, folded. */
  blocked: list(text(64), 4096),
  /** How often each of them was changed, on whichever device; one that is missing never was. */
  counts: v.optional(list(v.object({ name: text(80), count: count() }), 16_384)),
  /** What the directory and this device have agreed on last. */
  agreed: v.optional(v.object({ tag: exactly(16), said: exactly(16) })),
});
export type PreferencesRow = v.InferOutput<typeof preferencesRow>;
