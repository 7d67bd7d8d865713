import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import { createCommit } from 'ts-mls/createCommit.js';
import { createProposal } from 'ts-mls/createMessage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { concat } from '../../src/base/bytes.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { assertPatched, openLibrary } from '../../src/crypto/mls/library.js';
import { suiteName } from '../../src/crypto/mls/suite.js';
import { uint } from '../../src/crypto/mls/tls.js';
import {
  anything,
  atTheGate,
  device,
  engine,
  failsWith,
  GROUP_ID,
  groupOf,
  joining,
  keyPackageOf,
  Room,
} from '../support/mls.js';
import {
  behind,
  cryptoOf,
  FAR_AWAY,
  forgeCommit,
  forgeExternalCommit,
  forgeGroupInfo,
  forgeProposal,
  inline,
  insideCommit,
  insideExternalCommit,
} from '../support/mls-forge.js';

/** Fences 1 and 2 around ts-mls: valid trees get in, and nothing reaches the library that has no place there. */

test('a newcomer gets into a group whose parents list different unmerged leaves', async () => {
  const room = await Room.of(7);
  for (let at = 0; at < 7; at++) await room.commit(at);
  await room.add(0, 1);
  await room.commit(0);
  await room.add(0, 1);
  assert.equal(await room.hear(8, await room.say(3, 'welcome')), 'welcome');
});

test('an unmerged leaf past the end of the tree is refused, in the library and before it', async () => {
  const room = await Room.of(3);
  await room.commit(0);
  const { ratchetTree, groupContext } = behind(room.states[0]!);
  const hostile = ratchetTree.map((node) =>
    node?.nodeType === 'parent' ? { ...node, parent: { ...node.parent, unmergedLeaves: [FAR_AWAY] } } : node,
  );
  const { config } = openLibrary({
    verifyCredential: anything,
    random: { bytes: () => new Uint8Array() },
    now: () => 0,
  });
  const crypto = await cryptoOf(room.states[0]!);
  const { lifetimeConfig, authService } = config;
  const error = await validateRatchetTree(hostile, groupContext, lifetimeConfig, authService, new Uint8Array(), crypto);
  assert.match(String(error), /Unmerged leaf/);
});

test('a ts-mls without the corrections is found at once', () => {
  assert.throws(() => assertPatched({ groupStateEncoder: () => undefined }), failsWith('mls-unpatched'));
  assertPatched();
});

// --- 2: what reaches the library ---

test('an external commit that removes a leaf past the end of the tree is refused', async () => {
  const room = await Room.of(2);
  const stranger = device('stranger');
  const info = await engine.groupInfo(room.states[0]!);
  const { commit } = await engine.externalJoin(info, joining(stranger));
  const { path, proposals } = insideExternalCommit(commit);
  const { groupContext } = decodeWhole(info, 'mls_group_info').groupInfo;
  const remove = inline({ proposalType: 'remove', remove: { removed: FAR_AWAY } });
  const forged = { path, proposals: [...proposals, remove] };
  const bytes = await forgeExternalCommit(groupContext, forged, stranger.signatureKey);
  await assert.rejects(engine.applyCommit(room.states[1]!, bytes, anything), atTheGate);
});

test('an external commit may hold nothing but its init and the removal of the own former leaf', async () => {
  const room = await Room.of(3);
  const member = room.devices[2]!;
  const info = await engine.groupInfo(room.states[0]!);
  const { groupContext } = decodeWhole(info, 'mls_group_info').groupInfo;
  const { proposals, path } = insideExternalCommit((await engine.externalJoin(info, joining(member))).commit);
  const init = proposals.filter((one) => 'proposal' in one && one.proposal.proposalType === 'external_init');
  const { keyPackage } = decodeWhole((await keyPackageOf(device('ghost'))).public, 'mls_key_package');
  const remove = (removed: number) => inline({ proposalType: 'remove', remove: { removed } });
  const wrong: Record<string, Commit['proposals']> = {
    'somebody else is evicted': [...init, remove(1)],
    'the former leaf stays': init,
    'two are removed': [...init, remove(2), remove(1)],
    'two inits': [...init, ...init, remove(2)],
    'no init': [remove(2)],
    'an addition': [...init, remove(2), inline({ proposalType: 'add', add: { keyPackage } })],
    'other extensions': [
      ...init,
      remove(2),
      inline({ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } }),
    ],
    'by reference': [...init, { proposalOrRefType: 'reference', reference: new Uint8Array(32) }],
  };
  for (const [name, forged] of Object.entries(wrong)) {
    const bytes = await forgeExternalCommit(groupContext, { path, proposals: forged }, member.signatureKey);
    await assert.rejects(engine.applyCommit(room.states[1]!, bytes, anything), atTheGate, name);
  }
  const good = await engine.externalJoin(info, joining(member));
  assert.equal((await engine.applyCommit(room.states[1]!, good.commit, anything)).external, true);
});

test("a member's commit may hold nothing but additions and removals", async () => {
  const room = await Room.of(3);
  const [own, other] = [room.states[0]!, room.states[1]!];
  const init = { proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32) } } as const;
  const remove = (removed: number): Proposal => ({ proposalType: 'remove', remove: { removed } });
  const { keyPackage } = decodeWhole((await keyPackageOf(device('joiner'))).public, 'mls_key_package');
  const wrong: Record<string, Proposal[]> = {
    'a leaf past the end': [remove(FAR_AWAY)],
    'a leaf past the end, as if joining from outside': [init, remove(FAR_AWAY)],
    'a blank leaf': [remove(3)],
    'the same leaf twice': [remove(2), remove(2)],
    himself: [remove(0)],
    'a new group': [
      {
        proposalType: 'reinit',
        reinit: { groupId: GROUP_ID, version: 'mls10', cipherSuite: suiteName('classic'), extensions: [] },
      },
    ],
    'other extensions': [{ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } }],
    'a pre-shared key': [
      {
        proposalType: 'psk',
        psk: { preSharedKeyId: { psktype: 'external', pskId: new Uint8Array(1), pskNonce: new Uint8Array(32) } },
      },
    ],
    'somebody of another suite': [
      { proposalType: 'add', add: { keyPackage: { ...keyPackage, cipherSuite: suiteName('hybrid') } } },
    ],
    'something unknown': [{ proposalType: 4711, proposalData: new Uint8Array(3) } as never],
  };
  const { path } = await insideCommit(other, (await engine.commit(own)).commit);
  for (const [name, proposals] of Object.entries(wrong)) {
    const bytes = await forgeCommit(own, { path, proposals: proposals.map(inline) });
    await assert.rejects(engine.applyCommit(other, bytes, anything), atTheGate, name);
  }
});

test('public messages of members, and proposals of anybody, are refused', async () => {
  const room = await Room.of(2);
  const [state, other] = [room.states[0]!, room.states[1]!];
  const context = { state: behind(state), cipherSuite: await cryptoOf(state) };
  const { commit } = await createCommit(context, { wireAsPublicMessage: true });
  await assert.rejects(engine.applyCommit(other, encodeMlsMessage(commit), anything), atTheGate);
  const remove: Proposal = { proposalType: 'remove', remove: { removed: 1 } };
  const proposed = await createProposal(context.state, true, remove, context.cipherSuite);
  await assert.rejects(engine.applyCommit(other, encodeMlsMessage(proposed.message), anything), atTheGate);
  const outside = forgeProposal(GROUP_ID, 1, concat(uint(2, 3), uint(4, 0)), device('directory').signatureKey);
  await assert.rejects(engine.applyCommit(other, outside, anything), atTheGate);
  const { publicMessage } = decodeWhole(outside, 'mls_public_message');
  const { keyPackage } = decodeWhole((await keyPackageOf(device('ghost'))).public, 'mls_key_package');
  for (const senderType of ['external', 'new_member_proposal'] as const) {
    const sender = senderType === 'external' ? { senderType, senderIndex: 0 } : { senderType };
    const add = { contentType: 'proposal' as const, proposal: { proposalType: 'add' as const, add: { keyPackage } } };
    const forged = { ...publicMessage, senderType, content: { ...publicMessage.content, sender, ...add } };
    const bytes = encodeMlsMessage({
      version: 'mls10',
      wireformat: 'mls_public_message',
      publicMessage: forged as never,
    });
    await assert.rejects(engine.applyCommit(other, bytes, anything), atTheGate, senderType);
  }
});

test('M3 a group with an extension is not joined', async () => {
  const member = device('member');
  const state = await groupOf(member);
  const { groupInfo } = decodeWhole(await engine.groupInfo(state), 'mls_group_info');
  const extensions = [{ extensionType: 'external_senders' as const, extensionData: new Uint8Array(3) }];
  const changed = { ...groupInfo, groupContext: { ...groupInfo.groupContext, extensions } };
  const info = await forgeGroupInfo(state, changed);
  const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: info });
  await assert.rejects(engine.externalJoin(bytes, joining(device('joiner'))), atTheGate);
});

test('a newcomer of another group or epoch is refused', async () => {
  const room = await Room.of(2);
  const stranger = device('stranger');
  const state = room.states[1]!;
  const info = await engine.groupInfo(room.states[0]!);
  const { path, proposals } = insideExternalCommit((await engine.externalJoin(info, joining(stranger))).commit);
  const { groupContext } = decodeWhole(info, 'mls_group_info').groupInfo;
  const wrong = {
    'mls-other-group': { groupId: new Uint8Array(16) },
    'mls-future-epoch': { epoch: 2n },
    'mls-past-epoch': { epoch: 0n },
  } as const;
  for (const [code, change] of Object.entries(wrong)) {
    const bytes = await forgeExternalCommit({ ...groupContext, ...change }, { path, proposals }, stranger.signatureKey);
    await assert.rejects(engine.applyCommit(state, bytes, anything), failsWith(code as keyof typeof wrong), code);
  }
});

test('a leaf keeps its signature key, and supports its own group', async () => {
  const room = await Room.of(2);
  const [own, other] = [room.states[0]!, room.states[1]!];
  const { path } = await insideCommit(other, (await engine.commit(own)).commit);
  const { leafNode } = path!;
  const capabilities = { ...leafNode.capabilities, credentials: [] };
  const wrong = [
    { ...leafNode, signaturePublicKey: device('other').publicKey },
    { ...leafNode, capabilities },
    { ...leafNode, extensions: [{ extensionType: 'application_id' as const, extensionData: new Uint8Array(1) }] },
    { ...leafNode, credential: { credentialType: 'basic' as const, identity: new Uint8Array(1) } },
  ];
  for (const leaf of wrong) {
    const bytes = await forgeCommit(own, { proposals: [], path: { ...path!, leafNode: leaf } });
    await assert.rejects(engine.applyCommit(other, bytes, anything), atTheGate);
  }
});

test('M7 the tree of a Welcome is hashed once, however few of its nodes are filled', async () => {
  const room = await Room.of(33);
  await room.commit(0);
  const { ratchetTree } = behind(room.states[0]!);
  const { hash } = await cryptoOf(room.states[0]!);
  let hashed = 0;
  const counting = { ...hash, digest: (data: Uint8Array) => hash.digest(data).finally(() => hashed++) };
  assert.equal(await verifyParentHashes(ratchetTree, counting), true);
  assert.ok(hashed < 4 * ratchetTree.length, `${hashed} hashes for ${ratchetTree.length} nodes`);
});
