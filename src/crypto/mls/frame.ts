import { asBuffer, concat } from '../../base/bytes.js';
import { MLS_MESSAGE_BYTES } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import { lengthHead, TlsReader, uint } from './tls.js';

/** MLSMessage and PrivateMessage (RFC 9420 §6, §6.3), read and written without the library: every message passes here. */

export const MLS10 = 1;
export const WIRE_FORMATS = ['public', 'private', 'welcome', 'group-info', 'key-package'] as const;
export type MlsWireFormat = (typeof WIRE_FORMATS)[number];
export const CONTENT_TYPES = ['application', 'proposal', 'commit'] as const;
export type MlsContentType = (typeof CONTENT_TYPES)[number];

const PRIVATE_MESSAGE = 2;

export interface PrivateFrame {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly contentType: MlsContentType;
  readonly aad: Uint8Array;
  readonly encryptedSenderData: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** A reader behind the version and wire format. @throws Failure 'mls-malformed' */
export function readHead(bytes: Uint8Array): { format: MlsWireFormat; reader: TlsReader } {
  if (bytes.length > MLS_MESSAGE_BYTES) {
    throw mlsFailure('mls-malformed', `an MLS message of ${bytes.length} bytes where ${MLS_MESSAGE_BYTES} are allowed`);
  }
  const reader = new TlsReader(bytes);
  if (reader.uint(2) !== MLS10) throw mlsFailure('mls-malformed', 'not an MLS 1.0 message');
  const format = WIRE_FORMATS[reader.uint(2) - 1];
  if (format === undefined) throw mlsFailure('mls-malformed', 'an MLS message of unknown kind');
  return { format, reader };
}

function readContentType(reader: TlsReader): MlsContentType {
  const type = CONTENT_TYPES[reader.uint(1) - 1];
  if (type === undefined) throw mlsFailure('mls-malformed', 'an MLS message with unknown content');
  return type;
}

/** The rest of a private message; its fields are views of what the reader reads. */
export function readPrivate(reader: TlsReader): PrivateFrame {
  const frame = {
    groupId: reader.opaque(),
    epoch: reader.epoch(),
    contentType: readContentType(reader),
    aad: reader.opaque(),
    encryptedSenderData: reader.opaque(),
    ciphertext: reader.opaque(),
  };
  reader.end();
  return frame;
}

export const opaque = (bytes: Uint8Array): Uint8Array => concat(lengthHead(bytes.length), bytes);

export const contentCode = (type: MlsContentType): Uint8Array => uint(1, CONTENT_TYPES.indexOf(type) + 1);

export const writePrivate = (frame: PrivateFrame): Uint8Array =>
  concat(
    uint(2, MLS10),
    uint(2, PRIVATE_MESSAGE),
    senderDataAad(frame),
    opaque(frame.aad),
    opaque(frame.encryptedSenderData),
    opaque(frame.ciphertext),
  );

type Routing = Pick<PrivateFrame, 'groupId' | 'epoch' | 'contentType'>;

/** SenderDataAAD (RFC 9420 §6.3.2), which is also how a private message begins. */
export const senderDataAad = ({ groupId, epoch, contentType }: Routing): Uint8Array =>
  concat(opaque(groupId), uint(8, epoch), contentCode(contentType));

/** PrivateContentAAD (RFC 9420 §6.3.1). */
export const contentAad = (routing: Routing, aad: Uint8Array): Uint8Array =>
  concat(senderDataAad(routing), opaque(aad));

/** FramedContentTBS of a member's application message (RFC 9420 §6.1); `context` is the encoded GroupContext. */
export const applicationTbs = (
  { groupId, epoch, aad }: Pick<PrivateFrame, 'groupId' | 'epoch' | 'aad'>,
  leafIndex: number,
  data: Uint8Array,
  context: Uint8Array,
): Uint8Array =>
  concat(
    uint(2, MLS10),
    uint(2, PRIVATE_MESSAGE),
    opaque(groupId),
    uint(8, epoch),
    uint(1, 1),
    uint(4, leafIndex),
    opaque(aad),
    contentCode('application'),
    opaque(data),
    context,
  );

/** Bytes of our own, which nobody else changes: what is decoded from them are views. */
export const ownCopy = (bytes: Uint8Array): Uint8Array => new Uint8Array(asBuffer(bytes));
