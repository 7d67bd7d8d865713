import type { BidiMode } from '../text/layout.js';

export const BIDI_CHOICES = ['auto', 'app', 'terminal', 'off'] as const;
export type BidiChoice = (typeof BIDI_CHOICES)[number];

/**
 * Who reorders. Terminals that honour `CSI 8 l` leave it to us; Konsole and Terminal.app always do it themselves, so
 * doing it too would undo it.
 */
export function bidiMode(choice: BidiChoice, env: Readonly<Record<string, string | undefined>>): BidiMode {
  if (choice !== 'auto') return choice;
  const own = env.KONSOLE_VERSION !== undefined || env.TERM_PROGRAM === 'Apple_Terminal';
  return own && env.TMUX === undefined ? 'terminal' : 'app';
}
