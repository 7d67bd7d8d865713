import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { merged, sharedOf, withCounts } from '../../src/peer/messaging/preference-items.js';
import type { PreferencesRow } from '../../src/peer/storage/tables.js';
import { decodePreferences, encodePreferences } from '../../src/wire/preferences.js';
import { Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());

const heard = (peer: PeerApi) => event(watch(peer), 'account', ({ change }) => change === 'preferences');

test('what a person mutes, blocks or turns off on one device holds on all of them, also on one that was off or is new', async () => {
  const desk = await town.owner('ann');
  await town.settle('bob');
  let laptop = await town.open('ann', 'laptop');
  const atLaptop = heard(laptop);
  await desk.preferences.mute('#lobby', true);
  const told = await atLaptop;
  assert.deepEqual('muted' in told && told.muted, ['#lobby']);
  assert.deepEqual(laptop.preferences.get(), desk.preferences.get());

  await laptop.close();
  await desk.preferences.block('bob', true);
  await desk.preferences.mute('#lobby', false);
  laptop = await town.open('ann', 'laptop');
  assert.deepEqual([laptop.preferences.get().blocked, laptop.preferences.get().muted], [['@bob'], []]);
  const atDesk = heard(desk);
  await laptop.preferences.set({ typing: false });
  await atDesk;
  assert.equal(desk.preferences.get().typing, false);

  // Changed on both while neither hears of the other.
  const port = await town.stopDirectory();
  await desk.preferences.mute('#random', true);
  await laptop.preferences.mute('bob', true);
  await laptop.preferences.set({ typing: true });
  await Promise.all([desk.close(), laptop.close()]);
  await town.startDirectory(port);
  await (await town.open('ann', 'laptop')).close();
  const again = await town.open('ann');
  const phone = await town.open('ann', 'phone');
  const wanted = { readReceipts: true, typing: true, muted: ['#random', '@bob'], blocked: ['@bob'] };
  for (const peer of [again, phone]) assert.deepEqual({ ...peer.preferences.get(), ...wanted }, peer.preferences.get());

  // A directory that was put back from a copy gets the newer state, and takes nothing away.
  await town.backUpDirectory();
  const back = [again, phone].map((peer) => event(watch(peer), 'directory', ({ state }) => state === 'online'));
  await Promise.all(back);
  const atPhone = heard(phone);
  await again.preferences.mute('#help', true);
  await atPhone;
  await Promise.all([again.close(), phone.close()]);
  await town.restoreDirectory();
  const [last, other] = [await town.open('ann'), await town.open('ann', 'phone')];
  for (const peer of [last, other]) assert.deepEqual(peer.preferences.get().muted, ['#help', '#random', '@bob']);
});

const START: PreferencesRow = { readReceipts: true, typing: true, muted: [], blocked: [] };
const NAMES = ['muted:@bob', 'muted:#lobby', 'blocked:@bob', 'readReceipts', 'typing'] as const;

function changed(row: PreferencesRow, name: (typeof NAMES)[number]): PreferencesRow {
  if (name === 'readReceipts' || name === 'typing') return withCounts(row, { ...row, [name]: !row[name] });
  const [kind, who] = name.split(':') as ['muted' | 'blocked', string];
  const list = row[kind].includes(who) ? row[kind].filter((one) => one !== who) : [...row[kind], who];
  return withCounts(row, { ...row, [kind]: list });
}

test('devices that merge in any order end with the same preferences', () => {
  const step = fc.record({
    at: fc.nat(2),
    from: fc.option(fc.nat(2), { nil: undefined }),
    name: fc.constantFrom(...NAMES),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rows = [START, START, START];
      const take = (at: number, from: number): void => {
        rows[at] = merged(rows[at]!, decodePreferences(encodePreferences(sharedOf(rows[from]!))));
      };
      for (const { at, from, name } of steps) {
        if (from === undefined) rows[at] = changed(rows[at]!, name);
        else take(at, from);
      }
      for (const [at, from] of [
        [0, 1],
        [0, 2],
        [1, 0],
        [2, 0],
      ] as const)
        take(at, from);
      const seen = rows.map(({ muted, blocked, readReceipts, typing }) =>
        JSON.stringify([[...muted].sort(), [...blocked].sort(), readReceipts, typing]),
      );
      assert.equal(new Set(seen).size, 1, seen.join('\n'));
      assert.equal(encodePreferences(sharedOf(rows[0]!)).length % 256 < 4, true);
    }),
  );
});
