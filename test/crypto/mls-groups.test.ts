import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameBytes, utf8 } from '../../src/base/bytes.js';
import { changed, inside } from '../../src/crypto/mls/state.js';
import { type MlsChange, type MlsState, peek, proposeRemoval } from '../../src/crypto/mls.js';
import {
  anything,
  device,
  engine,
  engineWith,
  failsWith,
  GROUP_ID,
  groupOf,
  keyPackageOf,
  LIFETIME,
  Room,
} from '../support/mls.js';
import { race } from '../support/mls-race.js';

const directory = device('directory');
const removalOf = (leafIndex: number, epoch = 1, signatureKey = directory.signatureKey) =>
  proposeRemoval({ groupId: GROUP_ID, epoch, leafIndex, signatureKey });

// --- Who may do what ---

test('M3 a member whose certificate is not accepted gets into no group, and a group with one is not joined', async () => {
  const ghost = device('ghost');
  const wary = engineWith({ verifyCredential: (_, key) => !sameBytes(key, ghost.publicKey) });
  const room = await Room.of(2);
  const ghostPackage = await keyPackageOf(ghost);
  await assert.rejects(wary.commit(room.states[0]!, { add: [ghostPackage.public] }), failsWith('mls-refused'));
  const bob = device('bob');
  const bobPackage = await keyPackageOf(bob);
  const { commit, welcome } = await engine.commit(room.states[0]!, { add: [ghostPackage.public, bobPackage.public] });
  await assert.rejects(wary.applyCommit(room.states[1]!, commit, anything), failsWith('mls-refused'));
  await assert.rejects(wary.join(welcome!, bobPackage.private, bob.signatureKey), failsWith('mls-refused'));
  const info = await engine.groupInfo(room.states[0]!);
  const external = await engine.externalJoin(info, { ...ghost, lifetime: LIFETIME });
  await assert.rejects(wary.applyCommit(room.states[1]!, external.commit, anything), failsWith('mls-refused'));
});

test('M3 everybody is asked about every commit, told all that it does, and stays as he was when he refuses', async () => {
  const room = await Room.of(3);
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const { commit } = await engine.commit(room.states[0]!, {
    add: [keyPackage.public],
    remove: [1],
    aad: utf8('reason'),
  });
  const state = room.states[2]!;
  const asked: MlsChange[] = [];
  const refuse = async (change: MlsChange) => asked.push(change) < 0;
  await assert.rejects(engine.applyCommit(state, commit, refuse), failsWith('mls-refused'));
  const [change] = asked;
  assert.deepEqual(change!.committer.signatureKey, room.devices[0]!.publicKey);
  assert.deepEqual(
    change!.added.map((member) => member.certificate),
    [joiner.certificate],
  );
  assert.deepEqual(
    change!.removed.map(({ member, byDirectory }) => [member.leafIndex, byDirectory]),
    [[1, false]],
  );
  assert.deepEqual([change!.epoch, change!.external, change!.aad], [1, false, utf8('reason')]);
  assert.equal((await engine.applyCommit(state, commit, anything)).next.epoch, 2);
});

test('a failure of the one who judges is passed on as it is', async () => {
  const room = await Room.of(2);
  const { commit } = await engine.commit(room.states[0]!);
  const trouble = new RangeError('the pins cannot be read');
  const attempt = engine.applyCommit(room.states[1]!, commit, () => {
    throw trouble;
  });
  await assert.rejects(attempt, trouble);
});

test('a certificate is renewed by a commit, for the same key', async () => {
  const room = await Room.of(3);
  const { publicKey } = room.devices[0]!;
  const certificate = new Uint8Array([...utf8('renewed certificate '), ...publicKey]);
  await room.commit(0, { certificate });
  for (const state of room.states) assert.deepEqual(engine.members(state)[0]!.certificate, certificate);
  await room.commit(1);
  assert.equal(await room.hear(2, await room.say(0, 'renewed')), 'renewed');
  const { public: add } = await keyPackageOf(device('joiner'));
  const both = engine.commit(room.states[0]!, { add: [add], certificate });
  await assert.rejects(both, failsWith('mls-unusable'));
});

// --- The directory's proposals ---

test('the directory proposes a removal; nothing is said until somebody has carried it out', async () => {
  const room = await Room.of(4, 'classic', directory);
  const proposal = removalOf(3);
  for (const [at, state] of room.states.entries()) {
    const { next, removed } = await engine.applyProposal(state, proposal);
    assert.equal(removed.leafIndex, 3);
    assert.equal((await engine.applyProposal(next, proposal)).next, next);
    room.states[at] = next;
  }
  await assert.rejects(room.say(0, 'too early'), failsWith('mls-removal-pending'));
  const { commit } = await engine.commit(room.states[0]!);
  const { removed } = await engine.applyCommit(room.states[1]!, commit, anything);
  assert.deepEqual(
    removed.map(({ member, byDirectory }) => [member.leafIndex, byDirectory]),
    [[3, true]],
  );
  await room.commit(0);
  assert.equal(room.states[3]!.active, false);
  assert.equal(await room.hear(1, await room.say(2, 'gone')), 'gone');
});

test('a commit that carries out a proposal which has not been seen waits for it', async () => {
  const room = await Room.of(3, 'classic', directory);
  const proposal = removalOf(2);
  const { next } = await engine.applyProposal(room.states[0]!, proposal);
  const { commit } = await engine.commit(next);
  await assert.rejects(engine.applyCommit(room.states[1]!, commit, anything), failsWith('mls-proposal-missing'));
  const informed = await engine.applyProposal(room.states[1]!, proposal);
  assert.equal((await engine.applyCommit(informed.next, commit, anything)).next.epoch, 2);
});

test('one whose removal is proposed can still carry out those of others', async () => {
  const room = await Room.of(3, 'classic', directory);
  for (const leaf of [0, 2]) {
    for (const [at, state] of room.states.entries()) {
      room.states[at] = (await engine.applyProposal(state, removalOf(leaf))).next;
    }
  }
  const { commit } = await engine.commit(room.states[0]!, { remove: [2] });
  const { removed } = await engine.applyCommit(room.states[1]!, commit, anything);
  assert.deepEqual(
    removed.map(({ member }) => member.leafIndex),
    [2],
  );
});

test('M3 a group with an external sender that is not the known directory is neither made nor joined', async () => {
  const wary = engineWith({ verifyExternalSender: () => false });
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const group = await groupOf(device('alice'), 'classic', directory);
  const { welcome } = await engine.commit(group, { add: [keyPackage.public] });
  await assert.rejects(wary.join(welcome!, keyPackage.private, joiner.signatureKey), failsWith('mls-refused'));
  const info = await engine.groupInfo(group);
  await assert.rejects(wary.externalJoin(info, { ...joiner, lifetime: LIFETIME }), failsWith('mls-refused'));
  const own = wary.createGroup({
    suite: 'classic',
    groupId: GROUP_ID,
    certificate: joiner.certificate,
    signatureKey: joiner.signatureKey,
    lifetime: LIFETIME,
    externalSender: { certificate: directory.certificate, signatureKey: directory.publicKey },
  });
  await assert.rejects(own, failsWith('mls-refused'));
  await assert.rejects(engine.applyProposal(await groupOf(joiner), removalOf(0, 0)), failsWith('mls-unreadable'));
});

// --- Joining ---

test('one who was not invited joins by an external commit, if the members agree', async () => {
  const room = await Room.of(3);
  const stranger = device('stranger');
  const info = await engine.groupInfo(room.states[1]!);
  const { commit, next, epoch } = await engine.externalJoin(info, { ...stranger, lifetime: LIFETIME });
  assert.equal(epoch, 1);
  await assert.rejects(
    engine.applyCommit(room.states[0]!, commit, ({ external }) => !external),
    failsWith('mls-refused'),
  );
  const applied = await engine.applyCommit(room.states[0]!, commit, anything);
  assert.deepEqual(applied.committer.certificate, stranger.certificate);
  assert.deepEqual([applied.added.length, applied.removed.length], [1, 0]);
  assert.deepEqual(engine.epochAuthenticator(next), engine.epochAuthenticator(applied.next));
  const { bytes } = await engine.seal(next, utf8('hello'), utf8(''));
  assert.equal((await engine.open(applied.next, bytes)).sender.leafIndex, next.ownLeaf);
});

test('a Welcome opens only with the key package it was made for, and only by its owner', async () => {
  const bob = device('bob');
  const [first, second] = [await keyPackageOf(bob), await keyPackageOf(bob)];
  const { welcome } = await engine.commit(await groupOf(device('alice')), { add: [first.public] });
  await assert.rejects(engine.join(welcome!, second.private, bob.signatureKey), failsWith('mls-unusable'));
  const eve = device('eve').signatureKey;
  await assert.rejects(engine.join(welcome!, first.private, eve), failsWith('mls-unusable'));
});

test('a key package of another suite is not added', async () => {
  const hybrid = await keyPackageOf(device('bob'), 'hybrid');
  const attempt = engine.commit(await groupOf(device('alice')), { add: [hybrid.public] });
  await assert.rejects(attempt, failsWith('mls-invalid'));
  assert.equal((await engine.readKeyPackage(hybrid.public)).suite, 'hybrid');
});

// --- Leaving, racing ---

test('M4 a removed member decrypts nothing of what comes after, even with all his old states', async () => {
  const room = await Room.of(4);
  const states = [room.states[3]!];
  await room.commit(1);
  states.push(room.states[3]!);
  await room.commit(0, { remove: [3] });
  states.push(room.states[3]!);
  const after = [await room.say(0, 'secret'), await room.say(1, 'secret')];
  await room.commit(2);
  after.push(await room.say(2, 'secret'));
  const { commit } = await engine.commit(room.states[0]!);
  for (const state of states) {
    for (const bytes of after) {
      await assert.rejects(engine.open(state, bytes), failsWith(codeFor(state)));
      for (const pretence of asIfIn(state, peek(bytes).epoch!)) {
        await assert.rejects(engine.open(pretence, bytes), failsWith('mls-unreadable'));
      }
    }
    await assert.rejects(engine.applyCommit(state, commit, anything), failsWith(codeFor(state)));
  }
});

/** With the keys of each of its epochs, as if they were those of another. */
function asIfIn(state: MlsState, epoch: number): MlsState[] {
  const { epochs } = inside(state);
  return epochs.map((keys) => changed(inside(state), { epochs: [{ ...keys, epoch }, epochs.at(-1)!] }));
}

const codeFor = (state: MlsState) => (state.active ? 'mls-future-epoch' : 'mls-removed');

test('M5 all members commit at once: one wins each epoch, and all agree on the epoch authenticator', async () => {
  await race({ members: 8, rounds: 4, suite: 'classic', seed: 5 });
});
