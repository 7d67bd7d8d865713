import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from '../../src/directory/log/log.js';
import { spoken } from '../../src/directory/log/said.js';
import { deedOf } from '../../src/directory/requests/deeds.js';
import { type Statement, statementCodec } from '../../src/wire/acts.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/directory.js';

const DAY_MS = 86_400_000;
const NAME = 'directory.log';

test('a log that is full is put aside while it is written, and no line is lost', async (t) => {
  const folder = await temporaryFolder(t);
  const log = await openLog({ to: join(folder, NAME), maxBytes: 20_000, clock: new ManualClock(Date.now()) });
  for (let line = 0; line < 1_000; line++) {
    log.info('command', { line, padding: 'x'.repeat(40) });
    // As on a running directory: what was logged goes to the disk between the turns.
    if (line % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await log.close();
  const names = readdirSync(folder);
  assert.ok(names.length > 1, names.join());
  const lines = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  const numbers = lines.filter(Boolean).map((line) => (JSON.parse(line) as { line: number }).line);
  assert.deepEqual(
    numbers.sort((one, other) => one - other),
    Array.from({ length: 1_000 }, (_, index) => index),
  );
  for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

test('N15 what was put aside goes after the days that were set, and nothing else does', async (t) => {
  const folder = await temporaryFolder(t);
  const clock = new ManualClock(Date.now());
  const at = (name: string, days: number) => {
    const path = join(folder, name);
    writeFileSync(path, '{}\n');
    utimesSync(path, (clock.now() - days * DAY_MS) / 1_000, (clock.now() - days * DAY_MS) / 1_000);
  };
  at(`${NAME}.1`, 9);
  at(`${NAME}.2026-01-01T00-00-00.000Z`, 9);
  at(`${NAME}.2026-01-08T00-00-00.000Z`, 6);
  at(`${NAME}.gz`, 99);
  at('notes.txt', 99);
  writeFileSync(join(folder, NAME), `{"level":30,"time":"${new Date(clock.now() - 2 * DAY_MS).toISOString()}"}\n`);
  const log = await openLog({ to: join(folder, NAME), keepDays: 7, clock });
  log.info('today');
  await log.close();
  const names = readdirSync(folder).sort();
  // The file of two days ago has been put aside under today's time.
  const fresh = `${NAME}.${new Date(clock.now()).toISOString().replaceAll(':', '-')}`;
  assert.deepEqual(names, [NAME, `${NAME}.2026-01-08T00-00-00.000Z`, fresh, `${NAME}.gz`, 'notes.txt'].sort());
  assert.match(readFileSync(join(folder, NAME), 'utf8'), /today/);
});

test('a log that others have moved away is begun anew when that is said', async (t) => {
  const folder = await temporaryFolder(t);
  const log = await openLog({ to: join(folder, NAME) });
  log.info('before');
  await new Promise((resolve) => setTimeout(resolve, 0));
  renameSync(join(folder, NAME), join(folder, 'moved'));
  log.reopen();
  log.info('after');
  await log.close();
  assert.match(readFileSync(join(folder, NAME), 'utf8'), /after/);
  assert.match(readFileSync(join(folder, 'moved'), 'utf8') + readFileSync(join(folder, NAME), 'utf8'), /before/);
});

test('the level is changed while it runs', async (t) => {
  const folder = await temporaryFolder(t);
  const heard: string[] = [];
  const log = await openLog({ to: join(folder, NAME), tell: (line) => heard.push(line.slice(9)) });
  log.debug('one');
  log.level = 'debug';
  log.debug('two');
  log.level = 'warn';
  log.info('three');
  log.warn('four');
  await log.close();
  assert.deepEqual(heard, ['two', '! four']);
});

const common = { directory: 'd', previous: new Uint8Array(32), at: 0 };
const group = new Uint8Array(16).fill(7);
const nameOf = (id: Uint8Array) => (id[0] === 7 ? 'crew' : undefined);
const deed = (method: string, statement: object) =>
  deedOf(method, { statement: statementCodec.encode({ ...common, ...statement } as Statement), ...statement }, nameOf);

test('acts are named by what they do, to whom and where', () => {
  assert.equal(deed('groups.act', { action: 'kick', user: 'bob', group }), 'kick bob in #crew');
  assert.equal(deed('groups.act', { action: 'join', group }), 'join #crew');
  assert.equal(deed('groups.act', { action: 'join', group: new Uint8Array(16) }), 'join (unknown group)');
  assert.equal(deed('groups.act', { action: 'ban', user: 'bob', group }), 'ban bob in #crew');
  assert.equal(deed('ledger.act', { action: 'ban', user: 'bob' }), 'ban bob everywhere');
  assert.equal(deed('ledger.act', { action: 'role', user: 'bob', role: 'admin' }), 'make bob admin');
  assert.equal(
    deed('groups.create', { action: 'create', name: 'crew', kind: 'open', history: 'shared', group }),
    'create #crew',
  );
  assert.equal(deedOf('groups.post', { group }, nameOf), 'write in #crew');
  assert.equal(deedOf('not.there', {}, nameOf), undefined);
});

test('X1 what is no name, and what cannot be read, is not put into the log', () => {
  const said = deed('groups.act', { action: 'kick', user: 'a secret\n#crew', group });
  assert.equal(said, 'kick (no name) in #crew');
  assert.equal(deedOf('groups.act', { statement: new Uint8Array([1, 2, 3]) }, nameOf), 'act, unreadable');
});

test('a line is spoken as one reads it', () => {
  const line = (fields: object) => spoken(JSON.stringify({ level: 30, time: '2026-11-29T23:55:31.000Z', ...fields }));
  const command = { msg: 'command', user: 'ann', address: '192.0.2.1', command: 'groups.act', ms: 3 };
  assert.equal(
    line({ ...command, deed: 'kick bob in #crew', outcome: 'ok' }),
    '23:55:31 ann: kick bob in #crew: ok (3 ms)',
  );
  assert.equal(
    line({ ...command, user: undefined, deed: 'give the password', outcome: 'name-blocked' }),
    '23:55:31 192.0.2.1: give the password: name-blocked (3 ms)',
  );
  assert.equal(line({ msg: 'listening', database: 'main', port: 4000 }), '23:55:31 listening database=main port=4000');
});
