import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIRECTORY, due, heard, NO_VOICES, told } from '../../src/peer/session/upgrades.js';
import { UPGRADE_VOICES, type UpgradeRow } from '../../src/peer/storage/upgrade-row.js';

const DAY = 86_400_000;
const START = 40 * 365 * DAY;

const after = (...said: readonly (readonly [string, string])[]): UpgradeRow =>
  said.reduce((row, [who, version]) => heard(row, who, `p2pchat/${version}`), NO_VOICES);

const dueOf = (row: UpgradeRow, now = START): string | undefined => due(row, '1.2.3', 'ann', now);

test('a later version is due when the directory says it, or a device of the account, or two others; not when one does', () => {
  assert.equal(dueOf(after([DIRECTORY, '1.3.0'])), '1.3.0');
  assert.equal(dueOf(after(['Ann', '1.10.0'])), '1.10.0');
  assert.equal(dueOf(after(['bob', '9.0.0'])), undefined);
  assert.equal(dueOf(after(['bob', '9.0.0'], ['Bob', '9.1.0'])), undefined);
  assert.equal(dueOf(after(['bob', '9.0.0'], ['cem', '1.2.4'])), '1.2.4');
  for (const version of ['1.2.3', '1.2.2', '0.9.9']) assert.equal(dueOf(after([DIRECTORY, version])), undefined);
});

test('it is said once a week, three times of one version, and who says ever higher ones hides none that is true', () => {
  let row = after([DIRECTORY, '9999.0.0'], ['bob', '2.0.0'], ['cem', '2.0.0']);
  const heardOf: string[] = [];
  const days: number[] = [];
  for (let day = 0; day < 100; day++) {
    const version = dueOf(row, START + day * DAY);
    if (version === undefined) continue;
    heardOf.push(version);
    days.push(day);
    row = told(row, version, START + day * DAY);
  }
  assert.deepEqual(heardOf, [...Array(3).fill('9999.0.0'), ...Array(3).fill('2.0.0')]);
  assert.deepEqual(days, [0, 7, 14, 21, 28, 35]);
  // A clock that went wrong and was set right.
  assert.equal(dueOf({ ...row, told: [], toldAt: START + 9_999 * DAY }), '9999.0.0');
});

test('what is no version changes nothing, and no crowd makes what is remembered grow', () => {
  const hostile = [
    '',
    'p2pchat/',
    'p2pchat/2',
    'p2pchat/2.0.0-beta',
    'p2pchat/02.0.0',
    'p2pchat/2.0.0\n',
    'P2PCHAT/2.0.0',
  ];
  const more = [
    'p2pchat/2.0.\u0661',
    'p2pchat/99999.0.0',
    `p2pchat/${'9'.repeat(50)}.0.0`,
    '\x1b[2J',
    'p2pchat/-1.0.0',
  ];
  for (const agent of [...hostile, ...more, undefined])
    assert.equal(heard(NO_VOICES, DIRECTORY, agent), NO_VOICES, agent);
  let row = NO_VOICES;
  for (let at = 0; at < 1_000; at++) row = heard(row, `user${at}`, `p2pchat/${at}.0.0`);
  assert.equal(row.voices.length, UPGRADE_VOICES);
  for (let at = 0; at < 1_000; at++) row = told(row, `${at}.0.0`, START);
  assert.equal(row.told.length, UPGRADE_VOICES);
});
