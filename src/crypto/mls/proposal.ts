import type { KeyObject } from 'node:crypto';
import { concat } from '../../base/bytes.js';
import { MLS_PENDING_PROPOSALS } from '../../wire/limits.js';
import { guarded, mlsFailure } from './failures.js';
import { contentCode, MLS10, opaque, PUBLIC_MESSAGE } from './frame.js';
import { admitExternalProposal, decodeWhole } from './gate.js';
import type { Library } from './library.js';
import { signEd25519 } from './signature.js';
import { changed, currentEpoch, forLibrary, type MlsMember, type MlsState, type State } from './state.js';
import { signContent } from './suite.js';
import { uint } from './tls.js';
import {
  decodeExternalSender,
  type Extension,
  emptyPskIndex,
  encodeExternalSender,
  processPublicMessage,
} from './ts-mls.js';

/** The directory as external sender (RFC 9420 §12.1.8): it may propose that a member be removed, and nothing else. */

export interface MlsExternalSender {
  /** DER. */
  readonly certificate: Uint8Array;
  /** Raw Ed25519 public key. */
  readonly signatureKey: Uint8Array;
}

/** One sender an extension, as the library reads it; RFC 9420 §12.1.8.1 has a vector of them in one. */
export const senderExtension = ({ certificate, signatureKey }: MlsExternalSender): Extension => ({
  extensionType: 'external_senders',
  extensionData: encodeExternalSender({
    signaturePublicKey: signatureKey,
    credential: { credentialType: 'x509', certificates: [certificate] },
  }),
});

/** @throws Failure 'mls-refused' for a sender that `verifyExternalSender` does not know */
export async function checkSenders(library: Library, extensions: readonly Extension[]): Promise<void> {
  for (const { extensionData } of extensions) {
    const [sender, used] = await guarded('mls-malformed', 'not an external sender', () => {
      const decoded = decodeExternalSender(extensionData, 0);
      if (decoded === undefined) throw mlsFailure('mls-malformed', 'not an external sender');
      return decoded;
    });
    const { credential, signaturePublicKey } = sender;
    const certificate = credential.credentialType === 'x509' ? credential.certificates[0] : undefined;
    const known =
      used === extensionData.length &&
      certificate !== undefined &&
      (await library.init.verifyExternalSender?.(certificate, signaturePublicKey));
    if (known !== true) throw mlsFailure('mls-refused', 'an unknown external sender');
  }
}

const EXTERNAL_SENDER = 2;
const REMOVE = 3;

export interface MlsRemovalInit {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly leafIndex: number;
  /** The external sender's Ed25519 private key. */
  readonly signatureKey: KeyObject;
}

/** A proposal to remove a member; the directory needs nothing of the group's state for it. */
export function proposeRemoval({ groupId, epoch, leafIndex, signatureKey }: MlsRemovalInit): Uint8Array {
  const head = concat(uint(2, MLS10), uint(2, PUBLIC_MESSAGE));
  const content = concat(
    opaque(groupId),
    uint(8, epoch),
    uint(1, EXTERNAL_SENDER),
    uint(4, 0),
    opaque(new Uint8Array()),
    contentCode('proposal'),
    uint(2, REMOVE),
    uint(4, leafIndex),
  );
  const signature = signEd25519(signatureKey, signContent('FramedContentTBS', head, content));
  return concat(head, content, opaque(signature));
}

export interface MlsProposalApplied {
  /** Sends nothing until a commit carries the removal out. */
  readonly next: MlsState;
  readonly removed: MlsMember;
}

/** Takes up the directory's proposal to remove somebody. The same one twice changes nothing. */
export async function applyProposal(library: Library, state: State, bytes: Uint8Array): Promise<MlsProposalApplied> {
  if (!state.active) throw mlsFailure('mls-removed', 'this device is not in the conversation any more');
  const { publicMessage } = decodeWhole(bytes, 'mls_public_message');
  const leafIndex = admitExternalProposal(state, publicMessage);
  const crypto = await library.crypto(state.suite);
  const before = forLibrary({ ...state, pending: [] }, library.config);
  const { newState } = await guarded('mls-unreadable', "the proposal is not the external sender's", () =>
    processPublicMessage(before, publicMessage, emptyPskIndex, crypto),
  );
  const removed = currentEpoch(state).members.get(leafIndex)!;
  if (state.pending.some((removal) => removal.leafIndex === leafIndex)) return { next: state, removed };
  if (state.pending.length >= MLS_PENDING_PROPOSALS) throw mlsFailure('mls-invalid', 'too many proposals in one epoch');
  const [reference] = Object.keys(newState.unappliedProposals);
  const pending = [...state.pending, { reference: new Uint8Array(Buffer.from(reference!, 'base64')), leafIndex }];
  return { next: changed(state, { pending }), removed };
}
