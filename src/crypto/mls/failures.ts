import { type Code, type Details, Failure } from '../../base/errors.js';

/** Every error of the conversation engine has the reason 'protocol' and one of these codes (`base/errors/`). */
export type MlsFailureCode = Extract<Code, `mls-${string}`>;

export function mlsFailure(
  code: MlsFailureCode,
  message: string,
  init: { cause?: unknown; details?: Details } = {},
): Failure {
  return new Failure(code, message, init);
}

/** Runs what may throw anything, and throws nothing but failures. */
export async function guarded<T>(code: MlsFailureCode, what: string, run: () => Promise<T> | T): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asMlsFailure(error, code, what);
  }
}

/** What was thrown while decoding a blob of our own: of failures only the engine's pass. */
export const asMalformed = (error: unknown, what: string): Failure =>
  error instanceof Failure && error.code.startsWith('mls-')
    ? error
    : mlsFailure('mls-malformed', what, { cause: error });

/** Whatever a library threw, as one error type; its own words stay in `cause`, for they may quote content. */
export function asMlsFailure(error: unknown, code: MlsFailureCode, what: string): Failure {
  return error instanceof Failure ? error : mlsFailure(code, what, { cause: error });
}
