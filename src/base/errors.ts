/**
 * One error type for everything a person or a script may meet. `code` is stable and may be matched on; `hint` names the
 * next step; `exit` is the status of a shell command that fails with it (product contract, "Exit status").
 */

/** Why something failed, and the exit status that tells a script so. */
const EXIT = {
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

export type Details = Readonly<Record<string, string | number | boolean>>;

export interface FailureInit {
  /** Names the next step, as a whole sentence. */
  readonly hint?: string;
  /** Facts a program may want: seconds to wait, the nearest name, a limit. Never a secret. */
  readonly details?: Details;
  readonly cause?: unknown;
}

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly reason: Reason;
  readonly code: string;
  readonly hint: string;
  readonly details: Details;

  /**
   * @param reason the class by cause; decides the exit status
   * @param code stable, kebab-case, unique for the situation
   * @param message what happened, for a person
   */
  constructor(reason: Reason, code: string, message: string, init: FailureInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.reason = reason;
    this.code = code;
    this.hint = init.hint ?? '';
    this.details = init.details ?? {};
  }

  get exit(): number {
    return EXIT[this.reason];
  }
}

export const isReason = (value: string): value is Reason => Object.hasOwn(EXIT, value);

/** True for a Failure with that code. */
export const hasCode = (error: unknown, code: string): error is Failure =>
  error instanceof Failure && error.code === code;

/** Whatever was thrown, as a Failure: what is not one already is a fault of the program. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('internal', 'internal', message, {
    hint: 'This is a fault of the program: please report it with the command you gave.',
    cause: error,
  });
}
