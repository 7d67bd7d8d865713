import * as v from 'valibot';
import { count, list, text, time } from '../../wire/schema.js';

/** As many as are remembered: who said which version last, and of which one was told how often. */
export const UPGRADE_VOICES = 16;

export const upgradeRow = v.object({
  /** The latest last. `who`: folded; '' for the directory. */
  voices: list(v.object({ who: text(64), version: text(16) }), UPGRADE_VOICES),
  told: list(v.object({ version: text(16), times: count(255) }), UPGRADE_VOICES),
  toldAt: time(),
});
export type UpgradeRow = v.InferOutput<typeof upgradeRow>;
