import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import type { FramedContentCommit } from 'ts-mls/framedContent.js';
import { verifyConfirmationTag } from 'ts-mls/framedContent.js';
import { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
import { initializeEpoch, mlsExporter } from 'ts-mls/keySchedule.js';
import { computePskSecret } from 'ts-mls/presharedkey.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { createConfirmedHash, createInterimHash } from 'ts-mls/transcriptHash.js';
import * as treemath from 'ts-mls/treemath.js';
import { concat, hex, utf8 } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { exportFrom } from '../../src/crypto/mls/exporter.js';
import { opaque } from '../../src/crypto/mls/frame.js';
import { libraryCrypto } from '../../src/crypto/mls/provider.js';
import { keysOf, startRatchet } from '../../src/crypto/mls/ratchet.js';
import { signEd25519, verifyEd25519 } from '../../src/crypto/mls/signature.js';
import type { State } from '../../src/crypto/mls/state.js';
import { deriveTreeSecret, digest, expandWithLabel, NONCE_BYTES, signContent } from '../../src/crypto/mls/suite.js';
import { bytes, ed25519, equal, type Hex, vectors, whole } from '../support/mls-vectors.js';

/** M1: the vectors run through what the engine runs through: its own primitives, and ts-mls on its crypto provider. */

const SUITE = 'classic';
const NONE = new Uint8Array();
const crypto = await libraryCrypto(SUITE, systemRandom);

/** Some of the files have keys with their length before them. */
const bare = (text: string): Uint8Array => bytes(text.length === 66 ? text.slice(2) : text);

test('M1 tree-math', () => {
  const orNull = (run: () => number): number | null => {
    try {
      return run();
    } catch {
      return null;
    }
  };
  type Nodes = (number | null)[];
  type Vector = Record<'n_leaves' | 'n_nodes' | 'root', number> &
    Record<'left' | 'right' | 'parent' | 'sibling', Nodes>;
  for (const { n_leaves: leaves, n_nodes, root, left, right, parent, sibling } of vectors<Vector>('tree-math')) {
    assert.equal(treemath.nodeWidth(leaves), n_nodes);
    assert.equal(treemath.root(leaves), root);
    const nodes = Array.from({ length: n_nodes }, (_, node) => treemath.toNodeIndex(node));
    const of = (run: (node: treemath.NodeIndex) => number) => nodes.map((node) => orNull(() => run(node)));
    assert.deepEqual(of(treemath.left), left);
    assert.deepEqual(of(treemath.right), right);
    assert.deepEqual(
      of((node) => treemath.parent(node, leaves)),
      parent,
    );
    assert.deepEqual(
      of((node) => treemath.sibling(node, leaves)),
      sibling,
    );
  }
});

interface Basics {
  derive_secret: Record<'label' | 'out' | 'secret', string>;
  derive_tree_secret: Record<'label' | 'out' | 'secret', string> & { generation: number; length: number };
  encrypt_with_label: Record<'ciphertext' | 'context' | 'kem_output' | 'label' | 'plaintext' | 'priv', string>;
  expand_with_label: Record<'context' | 'label' | 'out' | 'secret', string> & { length: number };
  ref_hash: Record<'label' | 'out' | 'value', string>;
  sign_with_label: Record<'content' | 'label' | 'priv' | 'pub' | 'signature', string>;
}

test('M1 crypto-basics', async () => {
  for (const vector of vectors<Basics>('crypto-basics')) {
    const { derive_secret: derive, derive_tree_secret: tree, expand_with_label: expand } = vector;
    equal(expandWithLabel(SUITE, bytes(derive.secret), derive.label, NONE, 32), derive.out);
    equal(deriveTreeSecret(SUITE, bytes(tree.secret), tree.label, tree.generation, tree.length), tree.out);
    equal(expandWithLabel(SUITE, bytes(expand.secret), expand.label, bytes(expand.context), expand.length), expand.out);
    const { ref_hash: ref, sign_with_label: sign, encrypt_with_label: sealed } = vector;
    equal(digest(SUITE, concat(opaque(utf8(ref.label)), opaque(bytes(ref.value)))), ref.out);
    const content = signContent(sign.label, bytes(sign.content));
    equal(signEd25519(ed25519(bare(sign.priv)), content), sign.signature);
    assert.ok(verifyEd25519(bare(sign.pub), content, bytes(sign.signature)));
    const key = await crypto.hpke.importPrivateKey(bare(sealed.priv));
    const { label, context, kem_output, ciphertext } = sealed;
    const opened = decryptWithLabel(key, label, bytes(context), bytes(kem_output), bytes(ciphertext), crypto.hpke);
    equal(await opened, sealed.plaintext);
  }
});

test('M1 key-schedule', async () => {
  type Vector = Hex<'initial_init_secret'> & { epochs: Record<string, string>[] };
  for (const vector of vectors<Vector>('key-schedule')) {
    let init = bytes(vector.initial_init_secret);
    for (const epoch of vector.epochs) {
      const context = whole(decodeGroupContext, epoch.group_context!);
      equal(encodeGroupContext(context), epoch.group_context!);
      const psk = bytes(epoch.psk_secret!);
      const made = await initializeEpoch(init, bytes(epoch.commit_secret!), context, psk, crypto.kdf);
      const { keySchedule } = made;
      equal(made.joinerSecret, epoch.joiner_secret!);
      equal(made.welcomeSecret, epoch.welcome_secret!);
      equal(made.encryptionSecret, epoch.encryption_secret!);
      equal(keySchedule.senderDataSecret, epoch.sender_data_secret!);
      equal(keySchedule.exporterSecret, epoch.exporter_secret!);
      equal(keySchedule.epochAuthenticator, epoch.epoch_authenticator!);
      equal(keySchedule.externalSecret, epoch.external_secret!);
      equal(keySchedule.confirmationKey, epoch.confirmation_key!);
      equal(keySchedule.membershipKey, epoch.membership_key!);
      equal(keySchedule.resumptionPsk, epoch.resumption_psk!);
      equal(keySchedule.initSecret, epoch.init_secret!);
      const { publicKey } = await crypto.hpke.deriveKeyPair(keySchedule.externalSecret);
      equal(await crypto.hpke.exportPublicKey(publicKey), epoch.external_pub!);
      const state = { suite: SUITE, core: { keySchedule } } as unknown as State;
      const exported = await mlsExporter(keySchedule.exporterSecret, 'label', utf8('context'), 40, crypto);
      equal(exportFrom(state, 'label', utf8('context'), 40), hex(exported));
      init = keySchedule.initSecret;
    }
  }
});

test('M1 secret-tree', async () => {
  type Keys = Hex<'application_key' | 'application_nonce' | 'handshake_key' | 'handshake_nonce'>;
  type Vector = Hex<'encryption_secret'> & {
    sender_data: Hex<'sender_data_secret' | 'ciphertext' | 'key' | 'nonce'>;
    leaves: (Keys & { generation: number })[][];
  };
  for (const vector of vectors<Vector>('secret-tree')) {
    const { sender_data_secret, ciphertext, key, nonce } = vector.sender_data;
    const sample = bytes(ciphertext).subarray(0, 32);
    equal(expandWithLabel(SUITE, bytes(sender_data_secret), 'key', sample, 16), key);
    equal(expandWithLabel(SUITE, bytes(sender_data_secret), 'nonce', sample, NONCE_BYTES), nonce);
    const { leaves } = vector;
    const tree = await createSecretTree(leaves.length, bytes(vector.encryption_secret), crypto.kdf);
    for (const [leaf, generations] of leaves.entries()) {
      for (const { generation, ...wanted } of generations) {
        for (const kind of ['application', 'handshake'] as const) {
          const { keys } = keysOf(SUITE, startRatchet(tree[leaf * 2]![kind].secret), generation);
          equal(keys.key, wanted[`${kind}_key`]);
          equal(keys.nonce, wanted[`${kind}_nonce`]);
        }
      }
    }
  }
});

test('M1 transcript-hashes', async () => {
  type Vector = Hex<
    | 'authenticated_content'
    | 'confirmation_key'
    | 'confirmed_transcript_hash_after'
    | 'interim_transcript_hash_before'
    | 'interim_transcript_hash_after'
  >;
  for (const vector of vectors<Vector>('transcript-hashes')) {
    const { wireformat, content, auth } = whole(decodeAuthenticatedContent, vector.authenticated_content);
    assert.equal(auth.contentType, 'commit');
    const { signature, confirmationTag } = auth as Extract<typeof auth, { contentType: 'commit' }>;
    const before = bytes(vector.interim_transcript_hash_before);
    const input = { wireformat, content: content as FramedContentCommit, signature };
    const confirmed = await createConfirmedHash(before, input, crypto.hash);
    equal(confirmed, vector.confirmed_transcript_hash_after);
    equal(await createInterimHash(confirmed, confirmationTag, crypto.hash), vector.interim_transcript_hash_after);
    assert.ok(await verifyConfirmationTag(bytes(vector.confirmation_key), confirmationTag, confirmed, crypto.hash));
  }
});

test('M1 psk_secret', async () => {
  type Vector = Hex<'psk_secret'> & { psks: Hex<'psk_id' | 'psk' | 'psk_nonce'>[] };
  for (const vector of vectors<Vector>('psk_secret')) {
    const psks = vector.psks.map(({ psk_id, psk, psk_nonce }): Parameters<typeof computePskSecret>[0][number] => [
      { psktype: 'external', pskId: bytes(psk_id), pskNonce: bytes(psk_nonce) },
      bytes(psk),
    ]);
    equal(await computePskSecret(psks, crypto), vector.psk_secret);
  }
});
