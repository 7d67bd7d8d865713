import { Failure, hasCode, toFailure } from '../../base/errors.js';

/** What a directory refuses, as whoever makes links is told of it. */

export function unlessUnsupported(error: unknown): never {
  throw hasCode(error, 'method-unknown') ? new Failure('guests-unsupported', undefined, { cause: error }) : error;
}

export function unlessUnreachable(error: unknown): void {
  if (toFailure(error).reason !== 'unreachable') throw error;
}

export function unlessUnknown(error: unknown): void {
  if (!hasCode(error, 'guest-link-unknown')) throw error;
}
