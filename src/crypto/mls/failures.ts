import { type Details, Failure } from '../../base/errors.js';

/** Every error of the conversation engine has the reason 'protocol' and one of these codes. */
export type MlsFailureCode =
  /** Not an MLS message, or not in its only valid form. */
  | 'mls-malformed'
  /** Well formed, and fails a check which every honest member's message passes. */
  | 'mls-invalid'
  /** Does not decrypt, or its signature is wrong. */
  | 'mls-unreadable'
  /** Opened before, or so old that its key is gone. */
  | 'mls-replay'
  /** Further ahead of its sender's last message than is followed. */
  | 'mls-too-far'
  /** Of an epoch whose keys are gone, or a commit to an epoch that has ended. */
  | 'mls-past-epoch'
  /** Of an epoch that has not begun here: keep it until the commits before it have been applied. */
  | 'mls-future-epoch'
  | 'mls-other-group'
  /** Sent by this very device and leaf. */
  | 'mls-own-message'
  /** Sent by this very leaf, and this state knows nothing of it: the state is older than what was sent. */
  | 'mls-rolled-back'
  /** This device is no member any more. */
  | 'mls-removed'
  /** `authorize` or `verifyCredential` said no. */
  | 'mls-refused'
  /** A commit refers to a proposal which has not been seen here. */
  | 'mls-proposal-missing'
  /** The directory has proposed a removal: it has to be committed before anything is sent (RFC 9420 §12.4). */
  | 'mls-removal-pending'
  /** A key package whose lifetime has not begun or is over. */
  | 'mls-key-package-expired'
  /** What was asked for can't be done in this state. */
  | 'mls-unusable'
  /** The installed ts-mls lacks the corrections of patches/. */
  | 'mls-unpatched';

const HINTS: Partial<Record<MlsFailureCode, string>> = {
  'mls-malformed': 'The other side speaks another protocol or a newer version: update p2pchat on both sides.',
  'mls-future-epoch': 'Read the group log up to that epoch, then open it again.',
  'mls-past-epoch': 'It came too late to be read: ask its sender to send it again.',
  'mls-rolled-back': 'This device was restored from an older copy: rejoin the conversation.',
  'mls-removed': 'Ask a member to add this device again.',
  'mls-proposal-missing': 'Read the group log from the beginning of this epoch.',
  'mls-removal-pending': 'Commit the proposed removal first.',
  'mls-key-package-expired': 'Ask the directory for another key package.',
  'mls-unpatched': 'Run npm start or npm run build in the folder of the sources, or install p2pchat again.',
};

export function mlsFailure(
  code: MlsFailureCode,
  message: string,
  init: { cause?: unknown; details?: Details } = {},
): Failure {
  return new Failure('protocol', code, message, { hint: HINTS[code] ?? 'The message is left aside.', ...init });
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
