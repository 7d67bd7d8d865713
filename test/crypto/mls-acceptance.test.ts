import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signKeyPackage } from 'ts-mls/keyPackage.js';
import { signLeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { Failure } from '../../src/base/errors.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import {
  anything,
  atTheGate,
  device,
  engine,
  engineWith,
  failsWith,
  groupOf,
  joining,
  keyPackageOf,
  LIFETIME,
  NOW,
  Room,
} from '../support/mls.js';
import {
  behind,
  forgeCommit,
  forgeGroupInfo,
  forgeWelcome,
  inline,
  insideCommit,
  signerOf,
} from '../support/mls-forge.js';

/** Fences 5 and 7 around ts-mls: races, removals, states that are too old, one leaf for one key. */

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
    applied.removed.map(({ leafIndex }) => leafIndex),
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
    applied.removed.map(({ signatureKey }) => signatureKey),
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
