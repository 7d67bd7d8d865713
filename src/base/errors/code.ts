/** Why something failed, and the exit status that tells a script so (product contract, "Exit status"). */
export const EXIT = {
  internal: 1,
  protocol: 1,
  storage: 1,
  /** What was waited for is over: a session, a time. */
  ended: 1,
  usage: 2,
  credentials: 3,
  blocked: 4,
  unknown: 5,
  trust: 6,
  unreachable: 7,
  denied: 8,
  transfer: 9,
  limit: 10,
} as const;

export type Reason = keyof typeof EXIT;

/**
 * One code: its class, which decides the exit status; what happened; the next step. The place that fails may say both
 * more precisely. `docs/errors.md` is made of these rows.
 */
export type CodeRow = readonly [reason: Reason, what: string, next: string];
