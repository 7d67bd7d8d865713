import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { SigningKey } from '../../../src/crypto/keys.js';
import { sealer } from '../../../src/crypto/vault.js';
import { BackupService } from '../../../src/peer/backup/backup-service.js';
import { HistoryMerge } from '../../../src/peer/backup/merge.js';
import { BackupFile } from '../../../src/peer/backup/read-file.js';
import { takeIn } from '../../../src/peer/backup/take-in.js';
import { History } from '../../../src/peer/messaging/history.js';
import { UNPLACED } from '../../../src/peer/messaging/message-view.js';
import { Preferences } from '../../../src/peer/messaging/preferences.js';
import { openTables } from '../../../src/peer/storage/tables.js';
import { openMemoryStore } from '../../../src/store/memory/open.js';

const folder = await mkdtemp(join(tmpdir(), 'p2pchat-restored-'));
after(() => rm(folder, { recursive: true }));

const LINK = `p2pchat://127.0.0.1:1#${'A'.repeat(43)}`;
const identity = SigningKey.generate(systemRandom);
const id = (n: number): Uint8Array => new Uint8Array(16).fill(n);

/** A device as far as backups go. */
function device(name: string) {
  const disk = openMemoryStore();
  const tables = openTables(disk, sealer(systemRandom.bytes(32), systemRandom));
  const look = new Preferences({ tables, disk, self: 'ann' });
  const history = new History({ tables, disk, clock: systemClock, look, onExpiring: () => [] });
  const own = {
    ...{ tables, disk, history },
    enqueue: <T>(_: string, work: () => Promise<T>) => work(),
    learnContact: async () => {},
    learnPreferences: async () => {},
  };
  const service = new BackupService({
    ...{ ...own, clock: systemClock, random: systemRandom, directory: LINK },
    self: { user: 'ann', device: name, identity },
    exportSigned: () => assert.fail('no group is exported here'),
  });
  return {
    ...{ tables, disk, history, service },
    async says(n: number, order = n, state: 'queued' | 'stored' = 'stored'): Promise<void> {
      const line = { id: id(n), from: 'ann', body: `line ${n}`, sentAt: order, order, state };
      await disk.write((await history.append(await history.head('@bob'), line)).steps);
    },
    async restores(file: string) {
      const merge = new HistoryMerge({ ...own, fresh: true, now: () => systemClock.now() });
      const backup = await BackupFile.need(file);
      await takeIn(backup, await backup.unlock({ kind: 'phrase', identity }), merge);
      return merge.counts;
    },
    async lines(conversation: string): Promise<string[]> {
      const bodies: string[] = [];
      for await (const row of tables.messages.range([conversation])) {
        assert.deepEqual(await history.find(row.id), row);
        bodies.push(row.body);
      }
      return bodies;
    },
  };
}

test('a line that found its place between two backups takes no other one away', async () => {
  const [old, restored] = [device('aaaa'), device('bbbb')];
  const file = join(folder, 'between');
  for (const n of [10, 20, 30]) await old.says(n);
  await old.service.write(file);
  for (const n of [25, 40]) await old.says(n);
  await old.service.write(file);
  await restored.restores(file);
  assert.deepEqual(await restored.lines('@bob'), ['line 10', 'line 20', 'line 25', 'line 30', 'line 40']);
});

test('words that were edited or taken back go out of a file that another device has written, too', async () => {
  const [old, other] = [device('aaaa'), device('cccc')];
  const file = join(folder, 'replaced');
  for (const n of [10, 20, 30]) await old.says(n);
  await old.service.write(file);
  await other.service.import(file);
  await other.history.update(id(10), (row) => ({ ...row, body: 'better', edited: true }));
  await other.history.update(id(20), (row) => ({ ...row, body: '', deleted: true }));
  await other.service.write(file);
  const backup = await BackupFile.need(file);
  const bodies = new Set<string>();
  for await (const records of backup.records(await backup.unlock({ kind: 'phrase', identity }))) {
    for (const record of records) if (record.kind === 'line') bodies.add(record.body);
  }
  assert.deepEqual([...bodies].sort(), ['', 'better', 'line 30']);
});

test('of what one device says twice of a line the later word counts', async () => {
  const [old, restored] = [device('aaaa'), device('bbbb')];
  const file = join(folder, 'later');
  const react = (n: number, ...emoji: string[]) =>
    old.history.update(id(n), (row) => ({ ...row, reactions: emoji.map((one) => ({ user: 'bob', emoji: one })) }));
  for (const n of [10, 20]) await old.says(n);
  await react(10, '👍');
  await react(20, '👍');
  await old.service.write(file);
  await react(10, '🎉');
  await react(20);
  await old.service.write(file);
  await restored.restores(file);
  const emoji = async (n: number) => (await restored.history.find(id(n)))?.reactions?.map((one) => one.emoji) ?? [];
  assert.deepEqual([await emoji(10), await emoji(20)], [['🎉'], []]);
});

test('what was on its way at one backup and had arrived by the next one is restored as it was then', async () => {
  const [old, restored] = [device('aaaa'), device('bbbb')];
  const file = join(folder, 'on-its-way');
  const head = await old.history.head('#room');
  const said = { from: 'ann', sentAt: 1 };
  const first = old.history.lineAt('#room', 1, { ...said, id: id(1), body: 'first', state: 'stored' });
  const way = old.history.lineAt('#room', UNPLACED, { ...said, id: id(2), body: 'on its way', state: 'queued' });
  head.last = 1;
  await old.disk.write([...first.steps, ...way.steps, old.history.saveHead(head)]);
  await old.says(3, 3, 'queued');
  await old.service.write(file);
  const placed = old.history.move(way.row, 2, { state: 'stored' });
  const last = old.history.lineAt('#room', 3, { ...said, id: id(4), body: 'last', state: 'stored' });
  head.last = 3;
  await old.disk.write([...placed.steps, ...last.steps, old.history.saveHead(head)]);
  await old.history.raise(id(3), 'delivered');
  await old.service.write(file);
  assert.equal((await restored.restores(file)).unsent, 0);
  assert.deepEqual(await restored.lines('#room'), ['first', 'on its way', 'last']);
  assert.deepEqual(
    [await restored.history.find(id(2)), await restored.history.find(id(3))].map((row) => row?.state),
    ['stored', 'delivered'],
  );
});

test('C1 what was said to a former identity is sealed for no other one by a restored device either', async () => {
  const [old, other, restored] = [device('aaaa'), device('cccc'), device('bbbb')];
  const file = join(folder, 'former');
  for (const n of [10, 20]) await old.says(n);
  const head = await old.history.head('@bob');
  head.former = head.last;
  await old.disk.write([old.history.saveHead(head)]);
  // One more comes to stand among them.
  for (const n of [15, 30]) await old.says(n);
  await old.service.write(file);
  const isFormer = (where: typeof old) =>
    Promise.all([10, 15, 20, 30].map(async (n) => where.history.isFormer((await where.history.find(id(n)))!)));
  const expected = [true, true, true, false];
  assert.deepEqual(await isFormer(old), expected);
  await restored.restores(file);
  assert.deepEqual(await isFormer(restored), expected);
  // Beside lines of its own, whose numbers mean something else.
  for (const n of [5, 6, 15, 40]) await other.says(n);
  await other.service.import(file);
  assert.deepEqual(await isFormer(other), expected);
  // And what it knows of it itself holds though lines come in between.
  for (const n of [7, 8]) await old.says(n);
  await old.service.write(file);
  await other.service.import(file);
  assert.deepEqual(await isFormer(other), expected);
});
