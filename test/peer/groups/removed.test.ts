import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hex } from '../../../src/base/bytes.js';
import { systemRandom } from '../../../src/base/random.js';
import { openArchived } from '../../../src/crypto/archive.js';
import { openVault, sealer } from '../../../src/crypto/vault.js';
import { requireProfile, storeFolder } from '../../../src/peer/profile.js';
import { openTables } from '../../../src/peer/rows.js';
import { openLevelStore } from '../../../src/store/level/open.js';
import { PASSWORD, Town, watch } from '../../support/town.js';

let town: Town;
before(async () => {
  town = await Town.build();
});
after(() => town.close());

/** The keys of all epochs that a device has kept of a group. */
async function keptKeys(home: string, group: Uint8Array): Promise<readonly { epoch: number; key: Uint8Array }[]> {
  const { key } = await openVault((await requireProfile(home)).vault, PASSWORD);
  const store = await openLevelStore({ folder: storeFolder(home) });
  const keys: { epoch: number; key: Uint8Array }[] = [];
  for await (const row of openTables(store, sealer(key, systemRandom)).archiveKeys.range([hex(group)])) keys.push(row);
  await store.close();
  return keys;
}

test('M4 one who was removed opens nothing of what comes after, with all the keys his device has kept', async () => {
  const owner = await town.owner();
  const bob = await town.settle('bob');
  await owner.groups.join('lobby');
  await bob.groups.join('lobby');
  const atBob = watch(bob);
  const before = await owner.send('#lobby', 'for everybody');
  await owner.waitFor(before.id, 'stored', 10_000);
  await atBob.message('for everybody');
  await owner.groups.kick('lobby', 'bob');
  const after = await owner.send('#lobby', 'without bob');
  await owner.waitFor(after.id, 'stored', 10_000);
  await assert.rejects(
    bob.groups.members('lobby').then(() => bob.send('#lobby', 'hello?')),
    { code: 'group-not-joined' },
  );
  await bob.close();
  const { namedGroups, authority } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find('lobby')).group!);
  const { entries } = await group.read(1, undefined, 100, 1 << 20);
  const keys = await keptKeys(town.home('bob'), group.id);
  const opens = (wanted: string): boolean => {
    const entry = entries.find((one) => one.kind === 'message' && hex(one.id) === wanted);
    assert.ok(entry?.kind === 'message');
    return keys.some(({ key }) => {
      try {
        const place = { directoryId: authority.trust.directoryId, group: group.id, id: entry.id };
        openArchived(entry.sealed, key, place, (user) => group.roster.standing(user)?.identityKey);
        return true;
      } catch {
        return false;
      }
    });
  };
  assert.deepEqual([keys.length > 0, opens(before.id), opens(after.id)], [true, true, false]);
  await owner.close();
});
