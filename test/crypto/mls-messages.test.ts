import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { randomBelow } from '../../src/base/random.js';
import { inside, ratchetOf } from '../../src/crypto/mls/state.js';
import type { MlsState } from '../../src/crypto/mls.js';
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.js';
import {
  MLS_FORWARD_GENERATIONS,
  MLS_PADDING_BYTES,
  MLS_PAST_EPOCHS,
  MLS_SKIPPED_GENERATIONS,
} from '../../src/wire/limits.js';
import { anything, Disk, engine, failsWith, Room } from '../support/mls.js';
import { forgeContent, signedContent } from '../support/mls-forge.js';
import { seededRandom } from '../support/random.js';

const sayMany = async (room: Room, by: number, count: number): Promise<Uint8Array[]> => {
  const sealed: Uint8Array[] = [];
  for (let at = 0; at < count; at++) sealed.push(await room.say(by, `${by}/${room.states[by]!.epoch}/${at}`));
  return sealed;
};

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const out = items.slice();
  for (let at = out.length - 1; at > 0; at--) {
    const other = randomBelow(random, at + 1);
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}

test('M6 no message is opened twice, at once, later or after the state was stored', async () => {
  const room = await Room.of(3);
  const sealed = [...(await sayMany(room, 0, 10)), ...(await sayMany(room, 1, 10))];
  const disk = new Disk();
  for (const bytes of shuffled(sealed, 6)) {
    await room.hear(2, bytes);
    await assert.rejects(engine.open(room.states[2]!, bytes), failsWith('mls-replay'));
    disk.save(room.states[2]!);
  }
  await room.commit(1);
  disk.save(room.states[2]!);
  const loaded = engine.decodeState(disk.parts, room.devices[2]!.signatureKey);
  for (const state of [room.states[2]!, loaded]) {
    for (const bytes of sealed) await assert.rejects(engine.open(state, bytes), failsWith('mls-replay'));
  }
});

test('M7 all messages within the window are delivered in any order, over all epochs that are kept', async () => {
  for (const seed of [1, 2, 3]) {
    const room = await Room.of(3);
    const sealed: Uint8Array[] = [];
    for (let epoch = 0; epoch <= MLS_PAST_EPOCHS; epoch++) {
      for (const by of [0, 1]) sealed.push(...(await sayMany(room, by, 12)));
      if (epoch < MLS_PAST_EPOCHS) await room.commit(epoch % 2);
    }
    const heard = new Set<string>();
    for (const bytes of shuffled(sealed, seed)) heard.add(await room.hear(2, bytes));
    assert.equal(heard.size, sealed.length, `seed ${seed}`);
  }
});

test('M7 the keys of the latest skipped messages are kept, and no more than their number', async () => {
  const room = await Room.of(2);
  const sealed = await sayMany(room, 0, 2 * MLS_SKIPPED_GENERATIONS);
  await room.hear(1, sealed.pop()!);
  const [old, kept] = [sealed.slice(0, -MLS_SKIPPED_GENERATIONS), sealed.slice(-MLS_SKIPPED_GENERATIONS)];
  for (const bytes of old) await assert.rejects(engine.open(room.states[1]!, bytes), failsWith('mls-replay'));
  for (const bytes of kept) await room.hear(1, bytes);
});

test('M7 keys of skipped messages do not pile up', async () => {
  const room = await Room.of(2);
  const sealed = await sayMany(room, 0, 2 * MLS_SKIPPED_GENERATIONS + 2);
  await room.hear(1, sealed[MLS_SKIPPED_GENERATIONS]!);
  await room.hear(1, sealed[2 * MLS_SKIPPED_GENERATIONS + 1]!);
  await assert.rejects(engine.open(room.states[1]!, sealed[0]!), failsWith('mls-replay'));
  await room.hear(1, sealed[MLS_SKIPPED_GENERATIONS + 1]!);
});

test('M7 a message too far ahead is refused, and costs nothing', async () => {
  const room = await Room.of(2);
  const sealed = await sayMany(room, 0, MLS_FORWARD_GENERATIONS + 2);
  await assert.rejects(engine.open(room.states[1]!, sealed.at(-1)!), failsWith('mls-too-far'));
  assert.equal(await room.hear(1, sealed.at(-2)!), `0/1/${MLS_FORWARD_GENERATIONS}`);
  await room.hear(1, sealed.at(-1)!);
});

test('M7 of epochs long past nothing is opened', async () => {
  const room = await Room.of(2);
  const bytes = await room.say(0, 'late');
  for (let epoch = 0; epoch <= MLS_PAST_EPOCHS; epoch++) await room.commit(0);
  await assert.rejects(engine.open(room.states[1]!, bytes), failsWith('mls-past-epoch'));
});

test('M10 a crash after the state was stored loses the bytes, and never uses a generation twice', async () => {
  const room = await Room.of(2);
  const { signatureKey } = room.devices[0]!;
  const disk = new Disk();
  let own = room.states[0]!;
  disk.save(own);
  const generations: number[] = [];
  for (let round = 0; round < 20; round++) {
    const { next, bytes } = await engine.seal(own, utf8(`${round}`), utf8(''));
    disk.save(next);
    if (round % 3 === 0) {
      own = engine.decodeState(disk.parts, signatureKey);
      continue;
    }
    own = next;
    const opened = await engine.open(room.states[1]!, bytes);
    room.states[1] = opened.next;
    generations.push(opened.generation);
  }
  assert.equal(new Set(generations).size, generations.length);
  assert.deepEqual(
    generations,
    generations.slice().sort((a, b) => a - b),
  );
});

test('M10 a commit that was sent before a crash does not lend its keys to the next one', async () => {
  const room = await Room.of(2);
  const disk = new Disk();
  const first = await engine.commit(room.states[0]!);
  disk.save(first.waiting);
  const loaded = engine.decodeState(disk.parts, room.devices[0]!.signatureKey);
  await assert.rejects(engine.applyCommit(loaded, first.commit, anything), failsWith('mls-own-message'));
  const second = await engine.commit(loaded);
  assert.equal((await engine.applyCommit(room.states[1]!, second.commit, anything)).next.epoch, 2);
});

test('sender and authenticated data come with every message, and are bound to it', async () => {
  const room = await Room.of(3);
  const { bytes } = await engine.seal(room.states[2]!, utf8('text'), utf8('message id'));
  const opened = await engine.open(room.states[0]!, bytes);
  assert.deepEqual(opened.sender, {
    leafIndex: 2,
    certificate: room.devices[2]!.certificate,
    signatureKey: room.devices[2]!.publicKey,
  });
  assert.equal(fromUtf8(opened.aad), 'message id');
  const at = Buffer.from(bytes).indexOf('message id');
  const changed = bytes.slice();
  changed[at]! ^= 1;
  await assert.rejects(engine.open(room.states[0]!, changed), failsWith('mls-unreadable'));
});

test('nobody speaks for another, though all members have the keys of all', async () => {
  const room = await Room.of(3);
  const [own, reader] = [room.states[0]!, room.states[2]!];
  const padding = new Uint8Array(100);
  const honest = forgeContent(own, signedContent(own, utf8('mine'), padding));
  assert.equal((await engine.open(reader, honest)).sender.leafIndex, 0);
  const inHisName = forgeContent(own, signedContent(own, utf8('his'), padding, 1), 1);
  await assert.rejects(engine.open(reader, inHisName), failsWith('mls-unreadable'));
  const wrongSeat = forgeContent(own, signedContent(own, utf8('his'), padding, 0), 1);
  await assert.rejects(engine.open(reader, wrongSeat), failsWith('mls-unreadable'));
  const nobody = forgeContent(own, signedContent(own, utf8('?'), padding.fill(1)));
  await assert.rejects(engine.open(reader, nobody), failsWith('mls-malformed'));
});

test('lengths are padded', async () => {
  const room = await Room.of(2);
  const lengths = new Set<number>();
  for (const length of [0, 1, 100, 160]) {
    lengths.add((await engine.seal(room.states[0]!, new Uint8Array(length), new Uint8Array(16))).bytes.length);
  }
  assert.equal(lengths.size, 1);
  const long = await engine.seal(room.states[0]!, new Uint8Array(20_000), new Uint8Array(16));
  assert.equal((long.bytes.length - [...lengths][0]!) % MLS_PADDING_BYTES < 8, true);
  assert.equal((await engine.open(room.states[1]!, long.bytes)).plaintext.length, 20_000);
});

test('a lost message leaves its own key behind, and not the secret of those after it', async () => {
  const room = await Room.of(2);
  const sealed = await sayMany(room, 0, 3);
  const secrets: string[] = [];
  for (const bytes of [sealed[2]!]) {
    secrets.push(...secretsOf(room.states[1]!));
    await room.hear(1, bytes);
  }
  const kept = ratchetOf(inside(room.states[1]!).epochs.at(-1)!, 0)!;
  assert.deepEqual([...kept.skipped.keys()], [0, 1]);
  const stored = [...engine.encodeState(room.states[1]!).put.values()].map((part) => Buffer.from(part).toString('hex'));
  for (const secret of secrets) assert.ok(stored.every((part) => !part.includes(secret)));
});

/** The secret from which all keys of member 0 in this epoch follow. */
const secretsOf = (state: MlsState): string[] => {
  const ratchet = ratchetOf(inside(state).epochs.at(-1)!, 0)!;
  return [Buffer.from(ratchet.secret).toString('hex')];
};

test('a message rewrites one small part of the stored state, a commit the rest, and old keys are dropped', async () => {
  const room = await Room.of(40);
  const disk = new Disk();
  const whole = disk.save(room.states[1]!);
  assert.deepEqual(
    whole.filter((name) => name.startsWith('ratchet/')),
    ['ratchet/1/0', 'ratchet/1/1', 'ratchet/1/2', 'ratchet/1/3'],
  );
  await room.hear(1, await room.say(20, 'hello'));
  assert.deepEqual(disk.save(room.states[1]!), ['ratchet/1/1']);
  assert.deepEqual(disk.save(room.states[1]!), []);
  for (let epoch = 0; epoch < MLS_PAST_EPOCHS + 2; epoch++) {
    await room.commit(0);
    const written = disk.save(room.states[1]!);
    assert.ok(written.includes('group') && written.includes(`epoch/${epoch + 2}`));
    assert.ok(!written.includes(`epoch/${epoch + 1}`));
  }
  const epochs = new Set([...disk.parts.keys()].flatMap((name) => /^epoch\/(\d+)/.exec(name)?.[1] ?? []));
  assert.equal(epochs.size, MLS_PAST_EPOCHS + 1);
  assert.ok(![...disk.parts.keys()].some((name) => /^ratchet\/[12]\//.test(name)));
  const loaded = engine.decodeState(disk.parts, room.devices[1]!.signatureKey);
  const opened = await engine.open(loaded, await room.say(39, 'after'));
  assert.equal(fromUtf8(opened.plaintext), 'after');
});

test('a damaged stored state is refused with one kind of error', async () => {
  const room = await Room.of(2);
  const { put } = engine.encodeState(room.states[0]!);
  const { signatureKey } = room.devices[0]!;
  for (const [name, bytes] of put) {
    // An epoch that is over may be gone, with its messages.
    const without = new Map(put);
    without.delete(name);
    if (name !== 'epoch/0') {
      assert.throws(() => engine.decodeState(without, signatureKey), failsWith('mls-malformed'), name);
    }
    const cut = new Map(put).set(name, bytes.subarray(0, -1));
    assert.throws(() => engine.decodeState(cut, signatureKey), failsWith('mls-malformed'), name);
  }
  const group = decodeCbor(put.get('group')!, 1 << 20) as Record<string, Uint8Array>;
  for (const field of ['schedule', 'tree', 'path']) {
    const longer = { ...group, [field]: concat(group[field]!, Uint8Array.of(0)) };
    const parts = new Map(put).set('group', encodeCbor(longer));
    assert.throws(() => engine.decodeState(parts, signatureKey), failsWith('mls-malformed'), field);
  }
  assert.throws(() => engine.decodeState(new Map(), signatureKey), failsWith('mls-malformed'));
  assert.throws(() => engine.decodeState(put, room.devices[1]!.signatureKey), failsWith('mls-unusable'));
});

test('no private signature key is in a stored state or private key package', async () => {
  const room = await Room.of(2);
  const jwk = room.devices[0]!.signatureKey.export({ format: 'jwk' });
  const secret = Buffer.from(jwk.d!, 'base64url').toString('hex');
  for (const part of engine.encodeState(room.states[0]!).put.values()) {
    assert.ok(!Buffer.from(part).toString('hex').includes(secret));
  }
});

test('an operation changes nothing of the state it was given', async () => {
  const room = await Room.of(3);
  const before = room.states[0]!;
  const image = () =>
    [...engine.encodeState(before).put].map(([name, part]) => `${name} ${Buffer.from(part).toString('hex')}`);
  const wanted = image();
  const bytes = await room.say(1, 'hello');
  const { commit } = await engine.commit(room.states[1]!);
  await engine.seal(before, utf8('hello'), utf8(''));
  await engine.open(before, bytes);
  await engine.commit(before, { remove: [2] });
  await engine.applyCommit(before, commit, anything);
  await engine.open(before, utf8('rubbish')).catch((error: unknown) => assert.ok(hasCode(error, 'mls-malformed')));
  assert.deepEqual(image(), wanted);
});
