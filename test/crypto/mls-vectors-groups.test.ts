import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { joinGroup, makePskIndex } from 'ts-mls/clientState.js';
import { encodeCommit } from 'ts-mls/commit.js';
import type { FramedContentCommit } from 'ts-mls/framedContent.js';
import { encodeGroupContext, type GroupContext } from 'ts-mls/groupContext.js';
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import { processMessage } from 'ts-mls/processMessages.js';
import { encodeProposal } from 'ts-mls/proposal.js';
import { decodeRatchetTree, encodeRatchetTree, resolution } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHash } from 'ts-mls/treeHash.js';
import * as treemath from 'ts-mls/treemath.js';
import { systemRandom } from '../../src/base/random.js';
import { openLibrary } from '../../src/crypto/mls/library.js';
import { openMessage, sealMessage } from '../../src/crypto/mls/message.js';
import { libraryCrypto } from '../../src/crypto/mls/provider.js';
import { startRatchet } from '../../src/crypto/mls/ratchet.js';
import { rawPublicKey } from '../../src/crypto/mls/signature.js';
import { makeState } from '../../src/crypto/mls/state.js';
import { bytes, ed25519, equal, type Hex, vectors, whole } from '../support/mls-vectors.js';

/** M1: messages, trees and a whole group, on the engine's own code and on ts-mls with its crypto provider. */

const NONE = new Uint8Array();
const crypto = await libraryCrypto('classic', systemRandom);

type Protected = Hex<
  | 'group_id'
  | 'tree_hash'
  | 'confirmed_transcript_hash'
  | 'signature_priv'
  | 'signature_pub'
  | 'encryption_secret'
  | 'sender_data_secret'
  | 'membership_key'
  | 'application'
  | 'application_priv'
  | `${'proposal' | 'commit'}${'' | '_priv' | '_pub'}`
> & { epoch: number };

/** A group of two, of which the vector's member 1 is the one who speaks. */
async function groupOf(vector: Protected, ownLeaf: number, signatureKey: KeyObject) {
  const groupContext: GroupContext = {
    version: 'mls10',
    cipherSuite: crypto.name,
    groupId: bytes(vector.group_id),
    epoch: BigInt(vector.epoch),
    treeHash: bytes(vector.tree_hash),
    confirmedTranscriptHash: bytes(vector.confirmed_transcript_hash),
    extensions: [],
  };
  const tree = await createSecretTree(2, bytes(vector.encryption_secret), crypto.kdf);
  const member = { leafIndex: 1, certificate: NONE, signatureKey: bytes(vector.signature_pub) };
  const state = makeState({
    signatureKey,
    active: true,
    ownHandshake: 0,
    core: { groupContext, privatePath: { leafIndex: ownLeaf, privateKeys: {} } } as never,
    epochs: [
      {
        epoch: vector.epoch,
        context: encodeGroupContext(groupContext),
        senderDataSecret: bytes(vector.sender_data_secret),
        members: new Map([[1, member]]),
        ratchets: [[startRatchet(tree[0]!.application.secret), startRatchet(tree[2]!.application.secret)]],
      },
    ],
  });
  return { state, tree, groupContext };
}

test('M1 message-protection', async () => {
  const { config } = openLibrary({ verifyCredential: () => true, random: systemRandom, now: () => 0 });
  for (const vector of vectors<Protected>('message-protection')) {
    const signatureKey = ed25519(bytes(vector.signature_priv));
    equal(rawPublicKey(signatureKey), vector.signature_pub);
    const { state, tree, groupContext } = await groupOf(vector, 0, signatureKey);
    equal(openMessage(state, bytes(vector.application_priv)).plaintext, vector.application);
    const speaker = (await groupOf(vector, 1, signatureKey)).state;
    const sealed = sealMessage(speaker, bytes(vector.application), NONE, systemRandom);
    equal(openMessage(state, sealed.bytes).plaintext, vector.application);

    const encoded = (content: { contentType: string }): Uint8Array =>
      content.contentType === 'commit'
        ? encodeCommit((content as FramedContentCommit).commit)
        : encodeProposal((content as never as { proposal: never }).proposal);
    for (const kind of ['proposal', 'commit'] as const) {
      const secret = whole(decodeMlsMessage, vector[`${kind}_priv`]);
      assert.equal(secret.wireformat, 'mls_private_message');
      const opened = await unprotectPrivateMessage(
        bytes(vector.sender_data_secret),
        (secret as Extract<typeof secret, { wireformat: 'mls_private_message' }>).privateMessage,
        tree,
        [],
        groupContext,
        config.keyRetentionConfig,
        crypto,
        bytes(vector.signature_pub),
      );
      equal(encoded(opened.content.content), vector[kind]);
      const open = whole(decodeMlsMessage, vector[`${kind}_pub`]);
      assert.equal(open.wireformat, 'mls_public_message');
      const verified = await unprotectPublicMessage(
        bytes(vector.membership_key),
        groupContext,
        [],
        (open as Extract<typeof open, { wireformat: 'mls_public_message' }>).publicMessage,
        crypto,
        bytes(vector.signature_pub),
      );
      equal(encoded(verified.content), vector[kind]);
    }
  }
});

test('M1 tree-validation', async () => {
  type Vector = Hex<'tree' | 'group_id'> & { tree_hashes: string[]; resolutions: number[][] };
  for (const vector of vectors<Vector>('tree-validation')) {
    const tree = whole(decodeRatchetTree, vector.tree);
    equal(encodeRatchetTree(tree), vector.tree);
    assert.ok(await verifyParentHashes(tree, crypto.hash));
    for (const [at, wanted] of vector.tree_hashes.entries()) {
      const node = treemath.toNodeIndex(at);
      equal(await treeHash(tree, node, crypto.hash), wanted);
      assert.deepEqual(resolution(tree, node), vector.resolutions[at]);
      const here = tree[at];
      if (here?.nodeType !== 'leaf') continue;
      const { leaf } = here;
      const signed =
        leaf.leafNodeSource === 'key_package'
          ? verifyLeafNodeSignatureKeyPackage(leaf, crypto.signature)
          : verifyLeafNodeSignature(leaf, bytes(vector.group_id), at / 2, crypto.signature);
      assert.ok(await signed);
    }
  }
});

test('M1 passive-client: a Welcome, then commits of others', async () => {
  const { config } = openLibrary({ verifyCredential: () => true, random: systemRandom, now: () => 0 });
  const anyone = { ...config, authService: { validateCredential: async () => true } };
  type Vector = Hex<'key_package' | 'welcome' | 'init_priv' | 'encryption_priv' | 'initial_epoch_authenticator'> & {
    external_psks: Hex<'psk_id' | 'psk'>[];
    epochs: { proposals: string[]; commit: string; epoch_authenticator: string }[];
  };
  for (const vector of vectors<Vector>('passive-client-handling-commit')) {
    const known = Object.fromEntries(
      vector.external_psks.map(({ psk_id, psk }) => [Buffer.from(bytes(psk_id)).toString('base64'), bytes(psk)]),
    );
    const psks = makePskIndex(undefined, known);
    const keyPackage = whole(decodeMlsMessage, vector.key_package);
    const welcome = whole(decodeMlsMessage, vector.welcome);
    assert.ok(keyPackage.wireformat === 'mls_key_package' && welcome.wireformat === 'mls_welcome');
    const keys = {
      initPrivateKey: bytes(vector.init_priv),
      hpkePrivateKey: bytes(vector.encryption_priv),
      signaturePrivateKey: NONE,
    };
    const own = keyPackage.keyPackage;
    let state = await joinGroup(welcome.welcome, own, keys, psks, crypto, undefined, undefined, anyone);
    equal(state.keySchedule.epochAuthenticator, vector.initial_epoch_authenticator);
    for (const epoch of vector.epochs) {
      for (const text of [...epoch.proposals, epoch.commit]) {
        const message = whole(decodeMlsMessage, text);
        assert.ok(message.wireformat === 'mls_public_message' || message.wireformat === 'mls_private_message');
        const result = await processMessage(message, state, psks, () => 'accept', crypto);
        state = result.newState;
      }
      equal(state.keySchedule.epochAuthenticator, epoch.epoch_authenticator);
    }
  }
});
