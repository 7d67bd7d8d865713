import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { hasCode } from '../../../src/base/errors.js';
import { MESSAGES_BURST, MESSAGES_PER_SECOND } from '../../../src/wire/limits.js';
import { register, signIn } from '../../support/directory-client.js';
import { Town, watch } from '../../support/town.js';

const town = await Town.build();
after(() => town.close());

test('P8 one member who floods a group is held to the rate, is told so, and others are heard meanwhile', async (t) => {
  const [owner, bob] = [await town.owner(), await town.settle('bob')];
  await owner.groups.join('lobby');
  await bob.groups.join('lobby');
  const flooder = await register(town.link, 'mallory');
  await owner.groups.add('lobby', 'mallory');
  const client = await signIn(town.link, flooder);
  t.after(() => client.close());
  const { namedGroups } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find('lobby')).group!);
  const atBob = watch(bob);
  const began = performance.now();
  let taken = 0;
  const codes = new Set<string>();
  const post = async (): Promise<void> => {
    const message = { id: randomBytes(16), epoch: group.epoch, sealed: randomBytes(100) };
    try {
      await client.request('groups.post', { group: group.id, ...message });
      taken++;
    } catch (error) {
      codes.add(hasCode(error, 'rate-limited') && error.details.seconds ? error.code : String(error));
    }
  };
  const flood = (async () => {
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 200 }, post));
  })();
  await owner.send('#lobby', 'can you hear me?');
  await atBob.message('can you hear me?');
  await flood;
  const seconds = (performance.now() - began) / 1_000;
  assert.ok(taken <= MESSAGES_BURST + MESSAGES_PER_SECOND * (seconds + 1), `${taken} in ${seconds} s`);
  // In between it may have been in an epoch that was over.
  codes.delete('Failure: the group is in another epoch');
  assert.deepEqual([...codes], ['rate-limited']);
  await owner.send('#lobby', 'and still');
  await atBob.message('and still');
  await Promise.all([owner.close(), bob.close()]);
});
