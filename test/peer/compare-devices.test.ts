import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Listed } from '../../src/peer/identity/compare-devices.js';
import type { OwnDevicesRow } from '../../src/peer/storage/own-devices-row.js';

const DESK = '00000000000000d1';
const LAPTOP = '00000000000000d2';
const PHONE = '00000000000000d3';
const NOW = 9_000;

type Stay = readonly [device: string, addedAt: number];
const listed = (here: readonly Stay[], former: readonly (readonly [...Stay, endedAt: number])[] = []): Listed => ({
  version: here.length,
  devices: here.map(([device, addedAt]) => ({
    ...{ device, label: `name of ${device}`, addedAt },
    ...{ lastSeen: addedAt, state: 'online' as const },
  })),
  former: former.map(([device, addedAt, endedAt]) => ({ device, label: `name of ${device}`, addedAt, endedAt })),
});
const told = (row: OwnDevicesRow | undefined, answer: Listed, quiet: readonly string[] = []) => {
  const compared = compare(row, answer, { own: DESK, quiet: new Set(quiet), now: NOW });
  return { row: compared, told: compared.untold.map(({ state, device, at }) => [state, device, at]) };
};
/** Of which nothing is left to be told. */
const knowing = (answer: Listed): OwnDevicesRow => ({ ...told(undefined, answer).row, untold: [] });

test('where nothing was known before, those that came after this device are told of and no others', () => {
  const first = listed(
    [
      [LAPTOP, 100],
      [DESK, 200],
      [PHONE, 300],
    ],
    [
      ['00000000000000e1', 100, 150],
      ['00000000000000e2', 250, 260],
    ],
  );
  assert.deepEqual(told(undefined, first).told, [
    ['added', '00000000000000e2', 250],
    ['revoked', '00000000000000e2', 260],
    ['added', PHONE, 300],
  ]);
  const hidden = listed([[LAPTOP, 100]]);
  assert.deepEqual(told(undefined, hidden).told, [['added', LAPTOP, 100]], 'this very device is not even listed');
});

test('what came and went since the last list is told once, in order, with when it was', () => {
  const before = knowing(
    listed([
      [DESK, 100],
      [LAPTOP, 90],
    ]),
  );
  const after = listed(
    [
      [DESK, 100],
      [PHONE, 400],
    ],
    [
      [LAPTOP, 90, 500],
      ['00000000000000e1', 450, 460],
    ],
  );
  const { row, told: says } = told(before, after);
  assert.deepEqual(says, [
    ['added', PHONE, 400],
    ['added', '00000000000000e1', 450],
    ['revoked', '00000000000000e1', 460],
    ['revoked', LAPTOP, 500],
  ]);
  assert.deepEqual(told({ ...row, untold: [] }, after).told, []);
});

test('a device that comes back after it was shut out is told of again', () => {
  const before = knowing(listed([[DESK, 100]], [[LAPTOP, 90, 95]]));
  const back = listed(
    [
      [DESK, 100],
      [LAPTOP, 600],
    ],
    [[LAPTOP, 90, 95]],
  );
  assert.deepEqual(told(before, back).told, [['added', LAPTOP, 600]]);
  const there = knowing(
    listed([
      [DESK, 100],
      [LAPTOP, 90],
    ]),
  );
  assert.deepEqual(told(there, back).told, [
    ['revoked', LAPTOP, 95],
    ['added', LAPTOP, 600],
  ]);
});

test('a directory that remembers nobody who left says no time: it is now', () => {
  const before = knowing(
    listed([
      [DESK, 100],
      [LAPTOP, 90],
    ]),
  );
  const { former: _, version: __, ...old } = listed([[DESK, 100]]);
  assert.deepEqual(told(before, old).told, [['revoked', LAPTOP, NOW]]);
});

test('of what was done from here, and of this device itself, nothing is told', () => {
  const before = knowing(
    listed([
      [DESK, 100],
      [LAPTOP, 90],
    ]),
  );
  const after = listed(
    [[DESK, 700]],
    [
      [LAPTOP, 90, 500],
      [DESK, 100, 650],
    ],
  );
  const { row, told: says } = told(before, after, [LAPTOP]);
  assert.deepEqual(says, []);
  assert.deepEqual(told(row, after).told, []);
});

test('one that was told of before it was listed is not told of again, and stays known until it is', () => {
  const before: OwnDevicesRow = { ...knowing(listed([[DESK, 100]])), devices: [{ device: PHONE, name: '' }] };
  const { row, told: says } = told(before, listed([[DESK, 100]]));
  assert.deepEqual([says, row.devices.map(({ device }) => device)], [[], [DESK, PHONE]]);
  const shown = told(
    row,
    listed([
      [DESK, 100],
      [PHONE, 300],
    ]),
  );
  assert.deepEqual([shown.told, shown.row.devices.length], [[], 2]);
  assert.deepEqual(told(shown.row, listed([[DESK, 100]], [[PHONE, 300, 800]])).told, [['revoked', PHONE, 800]]);
});

test('T1 the name of a device is made harmless before it is kept', () => {
  const [desk] = listed([[DESK, 100]]).devices;
  const answer = { devices: [desk!, { ...desk!, device: PHONE, addedAt: 300, label: 'evil\u001b[2J\u202e\nphone' }] };
  const row = compare(undefined, answer, { own: DESK, quiet: new Set(), now: NOW });
  assert.doesNotMatch(row.untold[0]!.name, /[\u0000-\u001f\u202e]/);
});
