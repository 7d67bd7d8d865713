import { type CodeRow, EXIT, type Reason } from './errors/code.js';
import { CODES, type Code } from './errors/codes.js';

export type { Reason } from './errors/code.js';
export type { Code } from './errors/codes.js';

export type Details = Readonly<Record<string, string | number | boolean>>;

export interface FailureInit {
  /** The next step as a whole sentence, where the place that fails knows better than the table. */
  readonly hint?: string;
  /** Where a code is of another class here than usual. */
  readonly reason?: Reason;
  /** Facts a program may want: seconds to wait, the nearest name, a limit. Never a secret. */
  readonly details?: Details;
  readonly cause?: unknown;
}

/** A failure as it crosses a wire, a socket or a thread, which keep no classes. */
export interface PlainFailure {
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details?: Details | undefined;
}

/**
 * One error type for everything a person or a script may meet. `code` is stable and may be matched on; `hint` names the
 * next step; `exit` is the status of a shell command that fails with it.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly reason: Reason;
  /** One of the table's; another only where a newer program on the other side sent it. */
  readonly code: string;
  readonly hint: string;
  readonly details: Details;

  /** @param message what happened, for a person; the table's words where there is nothing more precise to say */
  constructor(code: Code, message?: string, init: FailureInit = {}) {
    const [reason, what, next]: CodeRow = CODES[code];
    super(message ?? what, init.cause === undefined ? undefined : { cause: init.cause });
    this.reason = init.reason ?? reason;
    this.code = code;
    this.hint = init.hint ?? next;
    this.details = init.details ?? {};
  }

  /**
   * From its plain form, which may be of a newer program: a code unknown here is kept as it is.
   * @param fallback the class of a failure whose own is unknown here
   */
  static from({ reason, code, message, hint, details = {} }: PlainFailure, fallback: Reason = 'internal'): Failure {
    const failure = new Failure('internal', message, { hint, details });
    return Object.assign(failure, { code, reason: isReason(reason) ? reason : fallback });
  }

  get exit(): number {
    return EXIT[this.reason];
  }

  get plain(): PlainFailure {
    const { reason, code, message, hint, details } = this;
    return { reason, code, message, hint, ...(Object.keys(details).length > 0 && { details: { ...details } }) };
  }
}

const isReason = (value: string): value is Reason => Object.hasOwn(EXIT, value);

/** One of the table's; a newer program may name others. */
export const isCode = (code: string): code is Code => Object.hasOwn(CODES, code);

/** True for a Failure with that code. */
export const hasCode = (error: unknown, code: Code): error is Failure =>
  error instanceof Failure && error.code === code;

/** Longer than this nobody is asked to wait: what says so is wrong, or lies. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** How long a failure asks to wait before the next try, in ms. It may come from somebody else, and so may be anything. */
export function waitOf({ details }: Pick<Failure, 'details'>): number {
  const { seconds } = details;
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1_000, LONGEST_WAIT_MS) : 0;
}

/** Parts are loaded when they are needed: another version that was installed meanwhile has others. */
const isPartMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND');

/** Whatever was thrown, as a Failure: what is not one already is a fault of the program. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isPartMissing(error)) return new Failure('program-replaced', undefined, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('internal', message, { cause: error });
}
