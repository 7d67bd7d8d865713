import * as v from 'valibot';
import { count, exactly, text, time } from '../../wire/schema.js';

/** What another device of the account has offered, as far as a keeper sees to it that the receiver gets it. */
export const seedRow = v.object({
  transfer: exactly(16),
  /** For whom. */
  user: text(64),
  size: count(),
  at: time(),
  /** Where it lies at the directory; absent until that is said. */
  deposit: v.optional(v.object({ id: exactly(16), key: exactly(32) })),
});
export type SeedRow = v.InferOutput<typeof seedRow>;
