import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createWholeFile, writeWholeFile } from '../../src/base/whole-file.js';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Files of others' formats, or of no consequence; what this program keeps in a small file goes by `base/whole-file`. */
const WRITES_ITSELF: Readonly<Record<string, string>> = {
  'base/whole-file.ts': 'the one that does it',
  'cli/commands/service-unit.ts': 'what systemd reads, and others too',
  'cli/playground.ts': 'a password that is made anew where the file is empty',
  'cli/tour-files.ts': 'the tour throws them away',
  'cli/tour.ts': 'the same',
  'commands/player.ts': 'a list for the player that is started with it',
  'control/holder.ts': 'who is at a socket: half a number is nobody',
  'directory/log/log-file.ts': 'puts a log aside',
  'peer/backup/write-file.ts': 'a backup, in pieces',
  'peer/session/restore.ts': 'a whole profile, in its place at once',
  'peer/transfers/seed-file.ts': 'a received file that is kept, by a descriptor',
  'store/level/blobfile.ts': 'a blob, in blocks',
  'transfer/files/folder.ts': 'what was received, by descriptors',
};

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'p2pchat-whole-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('a small file is replaced whole, for its owner alone, and nothing else stays', async (t) => {
  const home = folder(t);
  const path = join(home, 'kept');
  await Promise.all(['one', 'two', 'three'].map((text) => writeWholeFile(path, text)));
  assert.ok(['one', 'two', 'three'].includes(readFileSync(path, 'utf8')));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(home), ['kept']);
  await assert.rejects(writeWholeFile(home, 'in place of a folder'));
  assert.deepEqual(readdirSync(home), ['kept']);
});

test('of those who make a small file at once one does, and what is there stays', async (t) => {
  const home = folder(t);
  const path = join(home, 'kept');
  const made = await Promise.all(['one', 'two', 'three'].map((text) => createWholeFile(path, text)));
  assert.equal(made.filter((first) => first).length, 1);
  const first = readFileSync(path, 'utf8');
  assert.equal(await createWholeFile(path, 'late'), false);
  assert.equal(readFileSync(path, 'utf8'), first);
  assert.deepEqual(readdirSync(home), ['kept']);
});

test('nobody else writes or renames files, but where it is said why', () => {
  const found = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) =>
      /^(?!import).*(?<!\.)\b(?:rename|renameSync|writeFile|writeFileSync)\(/m.test(
        readFileSync(`${SRC}${file}`, 'utf8'),
      ),
    );
  assert.deepEqual(found.sort(), Object.keys(WRITES_ITSELF).sort());
});
