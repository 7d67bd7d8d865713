import { type Code, Failure } from '../../base/errors.js';

/** How a reason which the other side gave is told. */
export const closedBy = (reason: string): Failure => new Failure(CLOSED[reason] ?? 'transfer-failed');

const CLOSED: Readonly<Record<string, Code>> = {
  cancelled: 'transfer-cancelled',
  failed: 'transfer-failed',
  sourceChanged: 'source-changed',
  diskFull: 'peer-disk-full',
  falseAcknowledgement: 'protocol-violation',
  tooManyRejects: 'transfer-corrupt',
  paused: 'transfer-paused',
};
