import type { KeyObject } from 'node:crypto';
import type { Commit } from 'ts-mls/commit.js';
import { createContentCommitSignature, type FramedContentCommit } from 'ts-mls/framedContent.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { protect, unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { systemRandom } from '../../src/base/random.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { openLibrary } from '../../src/crypto/mls/library.js';
import { forLibrary, inside } from '../../src/crypto/mls/state.js';
import type { MlsState } from '../../src/crypto/mls.js';
import { NOW } from './mls.js';

/**
 * What a member who does not keep the rules can make: authentic in every signature and key, and otherwise anything.
 */

const library = openLibrary({ verifyCredential: () => true, random: systemRandom, now: () => NOW });

/** The library's state behind one of the engine's. */
export const behind = (state: MlsState) => forLibrary(inside(state), library.config);

export const cryptoOf = (state: MlsState) => library.crypto(state.suite, inside(state).signatureKey);

/** The inside of a private commit, as another member decrypts it. */
export async function insideCommit(reader: MlsState, bytes: Uint8Array): Promise<Commit> {
  const { privateMessage } = decodeWhole(bytes, 'mls_private_message');
  const { keySchedule, secretTree, ratchetTree, groupContext } = behind(reader);
  const { content } = await unprotectPrivateMessage(
    keySchedule.senderDataSecret,
    privateMessage,
    secretTree,
    ratchetTree,
    groupContext,
    library.config.keyRetentionConfig,
    await cryptoOf(reader),
  );
  return (content.content as FramedContentCommit).commit;
}

/** Any commit at all, signed and sealed by a member as its own; only the confirmation tag is wrong. */
export async function forgeCommit(state: MlsState, commit: Commit): Promise<Uint8Array> {
  const { groupContext, keySchedule, secretTree } = behind(state);
  const crypto = await cryptoOf(state);
  const none = new Uint8Array();
  const { framedContent, signature } = await createContentCommitSignature(
    groupContext,
    'mls_private_message',
    commit,
    { senderType: 'member', leafIndex: state.ownLeaf },
    none,
    none,
    crypto.signature,
  );
  const confirmationTag = new Uint8Array(crypto.kdf.size);
  const { privateMessage } = await protect(
    keySchedule.senderDataSecret,
    none,
    groupContext,
    secretTree,
    { ...framedContent, auth: { contentType: 'commit', signature, confirmationTag } },
    state.ownLeaf,
    library.config.paddingConfig,
    crypto,
  );
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
}

/** Any external commit, signed by the joiner; only the confirmation tag is wrong. */
export async function forgeExternalCommit(
  context: GroupContext,
  commit: Commit,
  signer: KeyObject,
): Promise<Uint8Array> {
  const crypto = await library.crypto('classic', signer);
  const none = new Uint8Array();
  const { framedContent, signature } = await createContentCommitSignature(
    context,
    'mls_public_message',
    commit,
    { senderType: 'new_member_commit' },
    none,
    none,
    crypto.signature,
  );
  const auth = { contentType: 'commit' as const, signature, confirmationTag: new Uint8Array(32) };
  return encodeMlsMessage({
    version: 'mls10',
    wireformat: 'mls_public_message',
    publicMessage: { content: framedContent, auth, senderType: 'new_member_commit' },
  });
}

/** The inside of an external commit. */
export function insideExternalCommit(bytes: Uint8Array): Commit {
  const { publicMessage } = decodeWhole(bytes, 'mls_public_message');
  return (publicMessage.content as FramedContentCommit).commit;
}
