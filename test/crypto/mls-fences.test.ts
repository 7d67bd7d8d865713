import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import { createCommit } from 'ts-mls/createCommit.js';
import { createProposal } from 'ts-mls/createMessage.js';
import { signKeyPackage } from 'ts-mls/keyPackage.js';
import { signLeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { Failure } from '../../src/base/errors.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { assertPatched, openLibrary } from '../../src/crypto/mls/library.js';
import { suiteName } from '../../src/crypto/mls/suite.js';
import { peek, proposeRemoval, readWelcome } from '../../src/crypto/mls.js';
import { MLS_MESSAGE_BYTES } from '../../src/wire/limits.js';
import {
  anything,
  type Device,
  device,
  engine,
  engineWith,
  failsWith,
  GROUP_ID,
  groupOf,
  keyPackageOf,
  LIFETIME,
  NOW,
  Room,
} from '../support/mls.js';
import {
  behind,
  cryptoOf,
  forgeCommit,
  forgeContent,
  forgeExternalCommit,
  forgeGroupInfo,
  forgeWelcome,
  insideCommit,
  insideExternalCommit,
  signedContent,
  signerOf,
} from '../support/mls-forge.js';

/** Refused before the library had a say: what the library throws becomes the cause of a failure. */
const atTheGate = (error: unknown) => failsWith('mls-invalid')(error) && (error as Failure).cause === undefined;

const directory = device('directory');
const joining = (owner: Device) => ({
  certificate: owner.certificate,
  signatureKey: owner.signatureKey,
  lifetime: LIFETIME,
});
const inline = (proposal: Proposal): Commit['proposals'][number] => ({ proposalOrRefType: 'proposal', proposal });
const FAR_AWAY = 2 ** 31;

// --- 1: valid Welcomes ---

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

test('public messages of members, of newcomers and for additions are refused', async () => {
  const room = await Room.of(2, 'classic', directory);
  const state = room.states[0]!;
  const context = { state: behind(state), cipherSuite: await cryptoOf(state) };
  const { commit } = await createCommit(context, { wireAsPublicMessage: true });
  await assert.rejects(engine.applyCommit(room.states[1]!, encodeMlsMessage(commit), anything), atTheGate);
  const removal = proposeRemoval({ groupId: GROUP_ID, epoch: 1, leafIndex: 0, signatureKey: directory.signatureKey });
  await assert.rejects(engine.applyCommit(room.states[1]!, removal, anything), atTheGate);
  await assert.rejects(engine.applyProposal(room.states[1]!, encodeMlsMessage(commit)), atTheGate);
  const joined = await engine.externalJoin(await engine.groupInfo(state), joining(device('stranger')));
  await assert.rejects(engine.applyProposal(room.states[1]!, joined.commit), atTheGate);
  const proposed = await createProposal(
    context.state,
    true,
    { proposalType: 'remove', remove: { removed: 1 } },
    context.cipherSuite,
  );
  await assert.rejects(engine.applyProposal(room.states[1]!, encodeMlsMessage(proposed.message)), atTheGate);
  const { publicMessage } = decodeWhole(removal, 'mls_public_message');
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
    await assert.rejects(engine.applyProposal(room.states[1]!, bytes), atTheGate, senderType);
  }
});

test('a message of another group or epoch is refused, whoever signed it', async () => {
  const room = await Room.of(2, 'classic', directory);
  const { signatureKey } = directory;
  const place = { groupId: GROUP_ID, epoch: 1, leafIndex: 0, signatureKey };
  const state = room.states[1]!;
  const elsewhere = proposeRemoval({ ...place, groupId: new Uint8Array(16) });
  await assert.rejects(engine.applyProposal(state, elsewhere), failsWith('mls-other-group'));
  const later = proposeRemoval({ ...place, epoch: 2 });
  await assert.rejects(engine.applyProposal(state, later), failsWith('mls-future-epoch'));
  const earlier = proposeRemoval({ ...place, epoch: 0 });
  await assert.rejects(engine.applyProposal(state, earlier), failsWith('mls-past-epoch'));
  const nobody = proposeRemoval({ ...place, leafIndex: FAR_AWAY });
  await assert.rejects(engine.applyProposal(state, nobody), atTheGate);
  const forged = proposeRemoval({ ...place, signatureKey: device('impostor').signatureKey });
  await assert.rejects(engine.applyProposal(state, forged), failsWith('mls-unreadable'));
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

// --- 3: decoding ---

test('M2 bytes behind the end of any message are refused', async () => {
  const room = await Room.of(2, 'classic', directory);
  const [own, other] = [room.states[0]!, room.states[1]!];
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const added = await engine.commit(own, { add: [keyPackage.public] });
  const info = await engine.groupInfo(own);
  const external = await engine.externalJoin(info, joining(joiner));
  const removal = proposeRemoval({ groupId: GROUP_ID, epoch: 1, leafIndex: 0, signatureKey: directory.signatureKey });
  const message = await room.say(0, 'hello');
  const doors: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [message, (bytes) => engine.open(other, bytes)],
    [message, async (bytes) => peek(bytes)],
    [added.commit, (bytes) => engine.applyCommit(other, bytes, anything)],
    [added.welcome!, (bytes) => engine.join(bytes, keyPackage.private, joiner.signatureKey)],
    [added.welcome!, async (bytes) => readWelcome(bytes)],
    [external.commit, (bytes) => engine.applyCommit(other, bytes, anything)],
    [removal, (bytes) => engine.applyProposal(other, bytes)],
    [info, (bytes) => engine.externalJoin(bytes, joining(joiner))],
    [keyPackage.public, (bytes) => engine.readKeyPackage(bytes)],
    [keyPackage.private, (bytes) => engine.join(added.welcome!, bytes, joiner.signatureKey)],
  ];
  for (const [bytes, enter] of doors) {
    await enter(bytes);
    for (const tail of [Uint8Array.of(0), new Uint8Array(40)]) {
      await assert.rejects(async () => enter(concat(bytes, tail)), failsWith('mls-malformed'));
    }
    await assert.rejects(async () => enter(bytes.subarray(0, -1)), failsWith('mls-malformed'));
    await assert.rejects(async () => enter(new Uint8Array()), failsWith('mls-malformed'));
  }
});

test('M2 a value in another encoding than its only one is refused', async () => {
  const { public: bytes } = await keyPackageOf(device('owner'));
  // The length of the init key, 32, in two bytes instead of one.
  const at = 8;
  assert.equal(bytes[at], 32);
  const longer = concat(bytes.subarray(0, at), Uint8Array.of(0x40, 32), bytes.subarray(at + 1));
  await assert.rejects(engine.readKeyPackage(longer), failsWith('mls-malformed'));
});

test('M2 an epoch that no number holds, a length of eight bytes and a giant are refused', async () => {
  const room = await Room.of(2);
  const bytes = await room.say(0, 'hello');
  const epochAt = 4 + 1 + GROUP_ID.length;
  const late = bytes.slice();
  late.fill(0xff, epochAt, epochAt + 8);
  await assert.rejects(engine.open(room.states[1]!, late), failsWith('mls-malformed'));
  const long = bytes.slice();
  long[4] = 0xc0;
  await assert.rejects(engine.open(room.states[1]!, long), failsWith('mls-malformed'));
  await assert.rejects(engine.open(room.states[1]!, new Uint8Array(2 << 20)), failsWith('mls-malformed'));
  const giant = signedContent(room.states[0]!, new Uint8Array(MLS_MESSAGE_BYTES), new Uint8Array());
  await assert.rejects(engine.open(room.states[1]!, forgeContent(room.states[0]!, giant)), failsWith('mls-malformed'));
  const tooMuch = engine.seal(room.states[0]!, new Uint8Array(MLS_MESSAGE_BYTES), new Uint8Array());
  await assert.rejects(tooMuch, failsWith('mls-unusable'));
  const wide = await engine.seal(room.states[0]!, new Uint8Array(1), new Uint8Array(0x4000));
  const lengthAt = epochAt + 8 + 1;
  assert.equal(wide.bytes[lengthAt], 0x80);
  wide.bytes[lengthAt] = 0xc0;
  await assert.rejects(engine.open(room.states[1]!, wide.bytes), failsWith('mls-malformed'));
});

test('M2 a message whose lengths take more bytes than they need is not the same message', async () => {
  const room = await Room.of(2);
  const bytes = await room.say(0, 'hello');
  assert.equal(bytes[4], GROUP_ID.length);
  const longer = concat(bytes.subarray(0, 4), Uint8Array.of(0x40, GROUP_ID.length), bytes.subarray(5));
  await assert.rejects(engine.open(room.states[1]!, longer), failsWith('mls-malformed'));
  await room.hear(1, bytes);
});

test('M2 bytes behind the group info inside a Welcome are refused, and so are pre-shared keys', async () => {
  const room = await Room.of(2);
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const { next } = await engine.commit(room.states[0]!, { add: [keyPackage.public] });
  const { groupInfo } = decodeWhole(await engine.groupInfo(next), 'mls_group_info');
  const { keyPackage: invited } = decodeWhole(keyPackage.public, 'mls_key_package');
  const extensions = groupInfo.extensions.filter(({ extensionType }) => extensionType === 'ratchet_tree');
  const info = await forgeGroupInfo(next, { ...groupInfo, extensions });
  const trailing = await forgeWelcome(next, info, invited, { tail: Uint8Array.of(0) });
  const join = (bytes: Uint8Array) => engine.join(bytes, keyPackage.private, joiner.signatureKey);
  await assert.rejects(join(trailing), failsWith('mls-malformed'));
  const psks = [{ psktype: 'external' as const, pskId: new Uint8Array(1), pskNonce: new Uint8Array(32) }];
  await assert.rejects(join(await forgeWelcome(next, info, invited, { psks })), atTheGate);
});

// --- 5: acceptance ---

test('the loser of a race goes on from the state it kept', async () => {
  const room = await Room.of(3);
  const [first, second] = await Promise.all([engine.commit(room.states[0]!), engine.commit(room.states[1]!)]);
  const loser = await engine.applyCommit(second.waiting, first.commit, anything);
  assert.deepEqual(engine.epochAuthenticator(loser.next), engine.epochAuthenticator(first.next));
  const third = await engine.applyCommit(room.states[2]!, first.commit, anything);
  const again = await engine.commit(loser.next);
  const followed = await engine.applyCommit(third.next, again.commit, anything);
  assert.deepEqual(engine.epochAuthenticator(followed.next), engine.epochAuthenticator(again.next));
});

test("a commit that lost is refused by those who went on, and one's own is never applied", async () => {
  const room = await Room.of(3);
  const lost = await engine.commit(room.states[1]!);
  const won = await room.commit(0);
  await assert.rejects(engine.applyCommit(room.states[2]!, lost.commit, anything), failsWith('mls-past-epoch'));
  await assert.rejects(engine.applyCommit(room.states[0]!, won.commit, anything), failsWith('mls-past-epoch'));
  const own = await engine.commit(room.states[0]!);
  await assert.rejects(engine.applyCommit(own.waiting, own.commit, anything), failsWith('mls-own-message'));
});

test('M10 two commits of one device in one epoch are sealed with different keys', async () => {
  const room = await Room.of(2);
  const lost = await engine.commit(room.states[0]!);
  const again = await engine.commit(lost.waiting);
  const { handshakeSecrets } = (lost.waiting as never as { core: { handshakeSecrets: Uint8Array[] } }).core;
  const used = behind(lost.waiting).secretTree[0]!.handshake;
  assert.equal(used.generation, 1);
  assert.notDeepEqual(used.secret, handshakeSecrets[0]);
  const followed = await engine.applyCommit(room.states[1]!, again.commit, anything);
  assert.deepEqual(engine.epochAuthenticator(followed.next), engine.epochAuthenticator(again.next));
});

test('one who was removed learns it, whatever the library does, and reads nothing after', async () => {
  const room = await Room.of(3);
  const before = await room.say(0, 'before');
  const { commit } = await engine.commit(room.states[0]!, { remove: [2] });
  const applied = await engine.applyCommit(room.states[2]!, commit, anything);
  assert.equal(applied.selfRemoved, true);
  assert.equal(applied.next.active, false);
  assert.deepEqual(
    applied.removed.map(({ member }) => member.leafIndex),
    [2],
  );
  const late = await engine.open(applied.next, before);
  assert.equal(new TextDecoder().decode(late.plaintext), 'before');
  for (const attempt of [
    engine.seal(applied.next, new Uint8Array(1), new Uint8Array()),
    engine.commit(applied.next),
    engine.applyCommit(applied.next, commit, anything),
    engine.groupInfo(applied.next),
  ]) {
    await assert.rejects(attempt, failsWith('mls-removed'));
  }
});

test('one who was removed learns it even from a commit that the library throws at', async () => {
  const room = await Room.of(3);
  const [own, victim] = [room.states[0]!, room.states[2]!];
  const { path } = await insideCommit(victim, (await engine.commit(own)).commit);
  const leafNode = { ...path!.leafNode, signature: new Uint8Array(64) };
  const proposals = [inline({ proposalType: 'remove', remove: { removed: 2 } })];
  const bytes = await forgeCommit(own, { proposals, path: { ...path!, leafNode } });
  await assert.rejects(engine.applyCommit(room.states[1]!, bytes, anything), failsWith('mls-invalid'));
  assert.equal((await engine.applyCommit(victim, bytes, anything)).selfRemoved, true);
  await assert.rejects(
    engine.applyCommit(victim, bytes, () => false),
    failsWith('mls-refused'),
  );
});

test('a message of an epoch to come says so, and opens once its commit has been applied', async () => {
  const room = await Room.of(2);
  const { commit, next } = await engine.commit(room.states[0]!);
  const { bytes } = await engine.seal(next, new Uint8Array(1), new Uint8Array());
  await assert.rejects(engine.open(room.states[1]!, bytes), (error) => {
    failsWith('mls-future-epoch')(error);
    assert.deepEqual((error as Failure).details, { epoch: 2, current: 1 });
    return true;
  });
  const applied = await engine.applyCommit(room.states[1]!, commit, anything);
  assert.equal((await engine.open(applied.next, bytes)).epoch, 2);
});

test('the lifetime of a key package is judged by the clock that was passed in, and only when adding', async () => {
  const owner = device('owner');
  const keyPackage = await keyPackageOf(owner);
  const own = await groupOf(device('alice'));
  for (const now of [LIFETIME.notBefore - 600_000, LIFETIME.notAfter + 1]) {
    const attempt = engineWith({ now: () => now }).commit(own, { add: [keyPackage.public] });
    await assert.rejects(attempt, failsWith('mls-key-package-expired'));
  }
  const { next, welcome } = await engine.commit(own, { add: [keyPackage.public] });
  const later = engineWith({ now: () => NOW + 10 * 365 * 86_400_000 });
  const joined = await later.join(welcome!, keyPackage.private, owner.signatureKey);
  assert.deepEqual(later.epochAuthenticator(joined), engine.epochAuthenticator(next));
});

// --- 7: one key, one leaf ---

test('nobody is added who is in already, and one who rejoins takes the place of his former leaf', async () => {
  const room = await Room.of(3);
  const member = room.devices[2]!;
  const again = await keyPackageOf(member);
  await assert.rejects(engine.commit(room.states[0]!, { add: [again.public] }), failsWith('mls-invalid'));
  const info = await engine.groupInfo(room.states[0]!);
  const rejoined = await engine.externalJoin(info, joining(member));
  const applied = await engine.applyCommit(room.states[0]!, rejoined.commit, anything);
  assert.equal(applied.external, true);
  assert.deepEqual(
    applied.removed.map((removal) => removal.member.signatureKey),
    [member.publicKey],
  );
  assert.equal(engine.members(applied.next).length, 3);
  assert.deepEqual(engine.epochAuthenticator(applied.next), engine.epochAuthenticator(rejoined.next));
  const former = await engine.applyCommit(room.states[2]!, rejoined.commit, anything);
  assert.equal(former.selfRemoved, true);
  const { bytes } = await engine.seal(rejoined.next, new Uint8Array(1), new Uint8Array());
  assert.deepEqual((await engine.open(applied.next, bytes)).sender.signatureKey, member.publicKey);
});

test('a state older than what its device has sent is found out', async () => {
  const room = await Room.of(2);
  const old = room.states[0]!;
  const said = await room.say(0, 'said after the backup was made');
  await assert.rejects(engine.open(old, said), failsWith('mls-rolled-back'));
  await assert.rejects(engine.open(room.states[0]!, said), failsWith('mls-own-message'));
  const { commit } = await engine.commit(old);
  await assert.rejects(engine.applyCommit(old, commit, anything), failsWith('mls-rolled-back'));
});

test('a key package whose signatures are not its own is refused', async () => {
  const [owner, other] = [device('owner'), device('other')];
  const { keyPackage } = decodeWhole((await keyPackageOf(owner)).public, 'mls_key_package');
  const { signature } = await signerOf(other);
  const forged = await signKeyPackage(keyPackage, new Uint8Array(), signature);
  const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: forged });
  await assert.rejects(engine.readKeyPackage(bytes), failsWith('mls-invalid'));
});

test('a leaf with the encryption key of another is not added', async () => {
  const room = await Room.of(2);
  const joiner = device('joiner');
  const { keyPackage } = decodeWhole((await keyPackageOf(joiner)).public, 'mls_key_package');
  const taken = behind(room.states[0]!).ratchetTree[2]!;
  assert.equal(taken.nodeType, 'leaf');
  const { signature } = await signerOf(joiner);
  const none = new Uint8Array();
  const { hpkePublicKey } = (taken as Extract<typeof taken, { nodeType: 'leaf' }>).leaf;
  const leafNode = await signLeafNodeKeyPackage({ ...keyPackage.leafNode, hpkePublicKey }, none, signature);
  const forged = await signKeyPackage({ ...keyPackage, leafNode }, none, signature);
  const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage: forged });
  await assert.rejects(engine.commit(room.states[0]!, { add: [bytes] }), failsWith('mls-invalid'));
});

test('a group with extensions that are not known here is not joined', async () => {
  const room = await Room.of(2);
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const { next, welcome } = await engine.commit(room.states[0]!, { add: [keyPackage.public] });
  const { groupInfo } = decodeWhole(await engine.groupInfo(next), 'mls_group_info');
  const { keyPackage: invited } = decodeWhole(keyPackage.public, 'mls_key_package');
  const unknown = { extensionType: 'required_capabilities' as const, extensionData: new Uint8Array(3) };
  const extensions = groupInfo.extensions.filter(({ extensionType }) => extensionType === 'ratchet_tree');
  const groupContext = { ...groupInfo.groupContext, extensions: [unknown] };
  for (const forged of [
    { ...groupInfo, extensions, groupContext },
    { ...groupInfo, extensions: [...extensions, unknown] },
  ]) {
    const bytes = await forgeWelcome(next, await forgeGroupInfo(next, forged), invited);
    await assert.rejects(engine.join(bytes, keyPackage.private, joiner.signatureKey), atTheGate);
  }
  await engine.join(welcome!, keyPackage.private, joiner.signatureKey);
});

test('what was handed in can be overwritten afterwards', async () => {
  const room = await Room.of(2);
  const { bytes } = await engine.seal(room.states[0]!, utf8('text'), utf8('aad'));
  const opened = await engine.open(room.states[1]!, bytes);
  bytes.fill(0);
  assert.deepEqual([opened.plaintext, opened.aad].map(fromUtf8), ['text', 'aad']);
  const { commit, next } = await engine.commit(room.states[0]!);
  const applied = await engine.applyCommit(room.states[1]!, commit, anything);
  const joined = await engine.externalJoin(await engine.groupInfo(next), joining(device('joiner')));
  const followed = await engine.applyCommit(applied.next, joined.commit, anything);
  commit.fill(0);
  joined.commit.fill(0);
  const again = await engine.commit(followed.next);
  const last = await engine.applyCommit(joined.next, again.commit, anything);
  assert.deepEqual(engine.epochAuthenticator(last.next), engine.epochAuthenticator(again.next));
});

test('private keys of nodes that were blanked are not kept', async () => {
  const room = await Room.of(4);
  for (let at = 0; at < 4; at++) await room.commit(at);
  const before = behind(room.states[0]!).privatePath.privateKeys;
  await room.commit(2, { remove: [1] });
  const { privatePath, ratchetTree } = behind(room.states[0]!);
  assert.ok(Object.keys(before).includes('1'));
  assert.ok(Object.keys(privatePath.privateKeys).every((node) => ratchetTree[Number(node)] !== undefined));
  assert.ok(!Object.keys(privatePath.privateKeys).includes('1'));
});
