import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import type { MlsSuite } from '../../src/crypto/mls.js';
import { anything, Disk, device, engine, groupOf, keyPackageOf, Room } from '../support/mls.js';

for (const suite of ['classic', 'hybrid'] as const satisfies MlsSuite[]) {
  test(`two devices talk, and each state survives being stored and loaded (${suite})`, async () => {
    const [alice, bob] = [device('alice'), device('bob')];
    const keyPackage = await keyPackageOf(bob, suite);
    let a = await groupOf(alice, suite);
    const { commit, welcome, next, epoch } = await engine.commit(a, { add: [keyPackage.public] });
    assert.equal(epoch, 0);
    assert.ok(commit.length > 0);
    a = next;
    let b = await engine.join(welcome!, keyPackage.private, bob.signatureKey);
    assert.deepEqual(engine.epochAuthenticator(a), engine.epochAuthenticator(b));
    const [diskA, diskB] = [new Disk(), new Disk()];
    for (let round = 0; round < 3; round++) {
      const sealed = await engine.seal(a, utf8(`hello ${round}`), utf8('id'));
      diskA.save(sealed.next);
      a = engine.decodeState(diskA.parts, alice.signatureKey);
      const opened = await engine.open(b, sealed.bytes);
      diskB.save(opened.next);
      b = engine.decodeState(diskB.parts, bob.signatureKey);
      assert.equal(new TextDecoder().decode(opened.plaintext), `hello ${round}`);
      assert.deepEqual(opened.aad, utf8('id'));
      assert.deepEqual(opened.sender, engine.members(a)[0]);
      assert.deepEqual([opened.epoch, opened.generation], [1, round]);
    }
    const answer = await engine.seal(b, utf8('hi'), new Uint8Array());
    assert.equal((await engine.open(a, answer.bytes)).sender.leafIndex, 1);
    const renewal = await engine.commit(b);
    a = (await engine.applyCommit(a, renewal.commit, anything)).next;
    b = renewal.next;
    assert.deepEqual(engine.epochAuthenticator(a), engine.epochAuthenticator(b));
    const secrets = [a, b].map((state) => engine.exportSecret(state, 'label', utf8('context'), 32));
    assert.deepEqual(secrets[0], secrets[1]);
  });
}

test('a room of five follows additions, removals and renewals', async () => {
  const room = await Room.of(3);
  await room.add(1, 2);
  await room.commit(2);
  await room.commit(4, { remove: [1] });
  assert.equal(room.states[1]!.active, false);
  const bytes = await room.say(0, 'still here');
  for (const at of [2, 3, 4]) assert.equal(await room.hear(at, bytes), 'still here');
});
