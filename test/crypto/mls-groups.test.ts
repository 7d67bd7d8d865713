import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameBytes, utf8 } from '../../src/base/bytes.js';
import { readHead, readPrivate } from '../../src/crypto/mls/frame.js';
import { changed, inside } from '../../src/crypto/mls/state.js';
import type { MlsChange, MlsState } from '../../src/crypto/mls.js';
import {
  anything,
  device,
  engine,
  engineWith,
  failsWith,
  groupOf,
  keyPackageOf,
  LIFETIME,
  Room,
} from '../support/mls.js';
import { race } from '../support/mls-race.js';

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
    change!.removed.map(({ leafIndex }) => leafIndex),
    [1],
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
      for (const pretence of asIfIn(state, readPrivate(readHead(bytes).reader).epoch)) {
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
