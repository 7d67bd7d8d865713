import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import { shapeOf } from '../../../src/peer/transfers/source-shape.js';
import { SHAPE_BYTES, SHAPE_FOLDERS, TRANSFER_FILES } from '../../../src/wire/limits.js';
import { readShape } from '../../../src/wire/transfer-shape.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());

const CHANGED = 981_173_106;

/** A folder with everything that used to get lost. */
function project(): string {
  const folder = join(town.home('files'), 'proj');
  for (const name of ['.git', 'empty', 'sub/empty too']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['.gitignore', '.git/config', 'notes', 'run.sh']) writeFileSync(join(folder, name), name);
  chmodSync(join(folder, 'notes'), 0o600);
  chmodSync(join(folder, 'run.sh'), 0o755);
  utimesSync(join(folder, 'run.sh'), CHANGED, CHANGED);
  symlinkSync('notes', join(folder, 'link'));
  return folder;
}

const state = (watched: ReturnType<typeof watch>, wanted: TransferEvent['state']): Promise<TransferEvent> =>
  event(watched, 'transfer', (one) => one.state === wanted);

test('a folder comes as it was: hidden names, execute bits, times, empty folders; what is left out is named on both sides', async () => {
  const [ada, bob] = [await town.settle('ada'), await town.settle('bob')];
  const atBob = watch(bob);
  const [offered] = await ada.files.offer('bob', [project()]);
  const link = [{ name: 'proj/link', why: 'a link' }];
  assert.deepEqual(offered!.leftOut, link);
  assert.deepEqual((await state(atBob, 'offered')).leftOut, link);
  const folder = join(town.home('bob'), 'here');
  await bob.files.accept(undefined, folder);
  assert.deepEqual((await state(atBob, 'done')).leftOut, link);
  const at = (name: string): string => join(folder, 'proj', name);
  for (const name of ['.gitignore', '.git/config', 'notes', 'run.sh'])
    assert.equal(readFileSync(at(name), 'utf8'), name);
  for (const name of ['empty', 'sub/empty too']) assert.ok(statSync(at(name)).isDirectory(), name);
  assert.ok((statSync(at('run.sh')).mode & 0o100) !== 0, 'executable');
  assert.equal(statSync(at('notes')).mode & 0o111, 0);
  assert.equal(Math.floor(statSync(at('run.sh')).mtimeMs / 1_000), CHANGED);
  await Promise.all([ada.close(), bob.close()]);
});

test('what an offer says besides the list has its room, however much there is, and counts what it does not name', () => {
  const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
  const long = (at: number): string => `${'x'.repeat(800)}/${at}`;
  const files = many(TRANSFER_FILES, (at) => ({
    path: '',
    name: `${at}`,
    size: 0,
    mtimeMs: 1e12 + 0.5,
    executable: true,
  }));
  const encoded = shapeOf({
    ...{ files, manifest: { files: [], block: 65_536 } },
    folders: many(SHAPE_FOLDERS + 5, long),
    leftOut: many(300, (at) => ({ name: long(at), why: 'a link' })),
  });
  assert.ok(encoded.length <= SHAPE_BYTES, `${encoded.length} bytes`);
  const shape = readShape(encoded)!;
  assert.equal(shape.folders.length + shape.leftOut.length + shape.more, SHAPE_FOLDERS + 5 + 300);
  assert.equal(readShape(Buffer.from('no shape')), undefined);
});
