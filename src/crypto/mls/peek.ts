import { mlsFailure } from './failures.js';
import { type MlsContentType, type MlsWireFormat, readContentType, readHead, readPrivate } from './frame.js';

/** What anybody may know of an MLS message who has none of its keys. */
export interface MlsPeek {
  readonly kind: MlsWireFormat;
  /** Absent from Welcomes and key packages. */
  readonly groupId?: Uint8Array;
  readonly epoch?: number;
  /** What it holds; of private and public messages. */
  readonly content?: MlsContentType;
  /** Of public messages. */
  readonly sender?: 'member' | 'external' | 'new-member';
  /** Of private and public messages: authenticated, not secret. */
  readonly aad?: Uint8Array;
}

const SENDERS = ['member', 'external', 'new-member', 'new-member'] as const;

/**
 * For routing. Of private messages the whole frame has been read, of the others only their beginning.
 * @throws Failure 'mls-malformed'
 */
export function peek(bytes: Uint8Array): MlsPeek {
  const { format: kind, reader } = readHead(bytes);
  if (kind === 'private') {
    const { groupId, epoch, contentType: content, aad } = readPrivate(reader);
    return { kind, groupId, epoch, content, aad };
  }
  if (kind === 'public') {
    const groupId = reader.opaque();
    const epoch = reader.epoch();
    const code = reader.uint(1);
    const sender = SENDERS[code - 1];
    if (sender === undefined) throw mlsFailure('mls-malformed', 'an MLS message of an unknown kind of sender');
    if (code <= 2) reader.uint(4);
    const aad = reader.opaque();
    return { kind, groupId, epoch, content: readContentType(reader), sender, aad };
  }
  if (kind !== 'group-info') return { kind };
  reader.uint(2);
  reader.uint(2);
  return { kind, groupId: reader.opaque(), epoch: reader.epoch() };
}
