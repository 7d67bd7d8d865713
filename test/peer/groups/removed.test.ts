import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { after, test } from 'node:test';
import { hex } from '../../../src/base/bytes.js';
import { systemRandom } from '../../../src/base/random.js';
import { openArchived } from '../../../src/crypto/archive.js';
import { SigningKey } from '../../../src/crypto/keys.js';
import { createMlsEngine, type MlsState } from '../../../src/crypto/mls.js';
import { openVault, sealer } from '../../../src/crypto/vault.js';
import { requireProfile, storeFolder } from '../../../src/peer/storage/profile.js';
import { openTables } from '../../../src/peer/storage/tables.js';
import { openLevelStore } from '../../../src/store/level/open.js';
import { PASSWORD, Town, watch } from '../../support/town.js';

const town = await Town.build();
after(() => town.close());

/** What lies on a device whose program has ended, for whoever has its password. */
async function onDisk<T>(home: string, look: (tables: ReturnType<typeof openTables>) => Promise<T>): Promise<T> {
  const { key } = await openVault((await requireProfile(home)).vault, PASSWORD);
  const store = await openLevelStore({ folder: storeFolder(home) });
  try {
    return await look(openTables(store, sealer(key, systemRandom)));
  } finally {
    await store.close();
  }
}

/** The keys of all epochs that a device has kept of a group. */
const keptKeys = (home: string, group: Uint8Array): Promise<readonly { epoch: number; key: Uint8Array }[]> =>
  onDisk(home, async ({ archiveKeys }) => {
    const keys: { epoch: number; key: Uint8Array }[] = [];
    for await (const row of archiveKeys.range([hex(group)])) keys.push(row);
    return keys;
  });

/** An engine that believes everything, as a modified program may have. */
const credulous = createMlsEngine({
  verifyCredential: () => true,
  random: systemRandom,
  now: Date.now,
});

/** The MLS state that a device has kept of a group. */
const keptState = (home: string, group: Uint8Array): Promise<MlsState> =>
  onDisk(home, async (tables) => {
    const parts = new Map<string, Uint8Array>();
    for await (const { part, bytes } of tables.parts.range([hex(group)])) parts.set(part, bytes);
    const { deviceSeed } = (await tables.device.get('self'))!;
    return credulous.decodeState(parts, createPrivateKey(SigningKey.fromSeed(deviceSeed).pem()));
  });

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

test('M4 a program that takes no notice of its removal and goes on listening opens nothing of a group whose history is not shared', async () => {
  const owner = await town.open('owner');
  const eve = await town.settle('eve');
  await owner.groups.create('inner');
  await owner.groups.add('inner', 'eve');
  const atEve = watch(eve);
  const before = await owner.send('#inner', 'while eve is inside');
  await atEve.message('while eve is inside');
  await eve.close();
  const said = await owner.send('#inner', 'still inside, and away');
  await owner.waitFor(said.id, 'stored', 10_000);
  await owner.groups.kick('inner', 'eve');
  const after = await owner.send('#inner', 'without eve');
  await owner.waitFor(after.id, 'stored', 10_000);

  const { namedGroups } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find('inner')).group!);
  // The directory gives it everything, as one that is on its side would.
  const { entries } = await group.read(1, undefined, 100, 1 << 20);
  let state = await keptState(town.home('eve'), group.id);
  const opened: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'commit') {
      await credulous
        .applyCommit(state, entry.commit, () => true)
        .then(
          ({ next }) => {
            state = next;
          },
          () => {},
        );
    } else if (entry.kind === 'message') {
      await credulous.open(state, entry.sealed).then(
        ({ next }) => {
          state = next;
          opened.push(hex(entry.id));
        },
        () => {},
      );
    }
  }
  assert.ok(opened.includes(said.id), 'what was said before the removal does open');
  assert.ok(!opened.includes(after.id) && !opened.includes(before.id), 'nothing after it, and nothing twice');
  await owner.close();
});
