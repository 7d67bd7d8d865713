import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/base/bytes.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { readWelcome } from '../../src/crypto/mls.js';
import { MLS_MESSAGE_BYTES } from '../../src/wire/limits.js';
import {
  anything,
  atTheGate,
  device,
  engine,
  failsWith,
  GROUP_ID,
  joining,
  keyPackageOf,
  Room,
} from '../support/mls.js';
import { forgeContent, forgeGroupInfo, forgeWelcome, signedContent } from '../support/mls-forge.js';

/** Fence 3 around ts-mls: whole messages, in their only encoding, or a typed error. */

test('M2 bytes behind the end of any message are refused', async () => {
  const room = await Room.of(2);
  const [own, other] = [room.states[0]!, room.states[1]!];
  const joiner = device('joiner');
  const keyPackage = await keyPackageOf(joiner);
  const added = await engine.commit(own, { add: [keyPackage.public] });
  const info = await engine.groupInfo(own);
  const external = await engine.externalJoin(info, joining(joiner));
  const message = await room.say(0, 'hello');
  const doors: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [message, (bytes) => engine.open(other, bytes)],
    [added.commit, (bytes) => engine.applyCommit(other, bytes, anything)],
    [added.welcome!, (bytes) => engine.join(bytes, keyPackage.private, joiner.signatureKey)],
    [added.welcome!, async (bytes) => readWelcome(bytes)],
    [external.commit, (bytes) => engine.applyCommit(other, bytes, anything)],
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
