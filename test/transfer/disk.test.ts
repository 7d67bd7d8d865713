import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { manifestDigest } from '../../src/transfer/files/file-source.js';
import { JournalWriter, readJournal } from '../../src/transfer/files/journal.js';
import { discardPartial, PartialDownload } from '../../src/transfer/files/partial-download.js';
import type { Manifest } from '../../src/wire/transfer-manifest.js';
import { seededRandom } from '../support/random.js';

const root = mkdtempSync(join(tmpdir(), 'p2pchat-disk-'));
after(() => rmSync(root, { recursive: true, force: true }));

const random = seededRandom('disk');
const BLOCK = 65_536;

const manifestOf = (...files: readonly [path: string, size: number][]): Manifest => ({
  files: files.map(([path, size]) => ({ path, size })),
  block: BLOCK,
});

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

const open = (target: string, manifest: Manifest, id = random.bytes(16)): Promise<PartialDownload> =>
  PartialDownload.open({ id, manifest, folder: target, durable: true });

const content = (length: number): Uint8Array => random.bytes(length);

test('blocks that come in any order end in the files they belong to', async () => {
  const target = folder('order');
  const partial = await open(target, manifestOf(['d/one', 100_000], ['d/empty', 0], ['two', 50_000]));
  const whole = content(150_000);
  for (const block of [2, 0, 1]) partial.write(block, whole.subarray(block * BLOCK, (block + 1) * BLOCK));
  await partial.place();
  await partial.finish();
  assert.ok(readFileSync(join(target, 'd/one')).equals(whole.subarray(0, 100_000)));
  assert.ok(readFileSync(join(target, 'two')).equals(whole.subarray(100_000)));
  assert.equal(statSync(join(target, 'd/empty')).size, 0);
  assert.deepEqual(readdirSync(target).sort(), ['d', 'two']);
});

test('SHA-256 is the same from memory that was kept and from what is read back', async () => {
  const blocks = 40;
  const whole = content(blocks * BLOCK - 100);
  const partial = await open(folder('kept'), manifestOf(['a', 100_000], ['empty', 0], ['b', whole.length - 100_000]));
  let kept = 0;
  for (let i = 0; i < blocks; i++) {
    // Pairs the wrong way round; what is not hashed for a while is too far behind to be kept.
    const block = i ^ 1;
    const copy = whole.slice(block * BLOCK, (block + 1) * BLOCK);
    partial.write(block, copy);
    if (partial.keep(block, copy)) kept++;
    if (i % 2 === 1 && (i < 10 || i > 34)) while (partial.idle());
  }
  assert.ok(kept > 20 && kept < blocks, `${kept} blocks were kept`);
  await partial.place();
  const sums = (await partial.finish()).map((file) => file.sha256);
  const expected = [whole.subarray(0, 100_000), new Uint8Array(0), whole.subarray(100_000)];
  assert.deepEqual(
    sums,
    expected.map((bytes) => createHash('sha256').update(bytes).digest('hex')),
  );
});

test('U10 nothing is visible in the folder before all of it is there', async () => {
  const target = folder('hidden');
  const partial = await open(target, manifestOf(['film.mp4', 200_000]));
  partial.write(0, content(BLOCK));
  assert.deepEqual(
    readdirSync(target).filter((name) => !name.startsWith('.')),
    [],
  );
  await partial.discard();
  assert.deepEqual(readdirSync(target), []);
});

test('U8 what was written before the end is there afterwards', async () => {
  const target = folder('again');
  const id = random.bytes(16);
  const manifest = manifestOf(['f', 4 * BLOCK]);
  const whole = content(4 * BLOCK);
  const first = await open(target, manifest, id);
  first.write(1, whole.subarray(BLOCK, 2 * BLOCK));
  first.write(3, whole.subarray(3 * BLOCK));
  await first.close();
  const second = await open(target, manifest, id);
  assert.deepEqual(second.have.newest(9), [
    { first: 3, end: 4 },
    { first: 1, end: 2 },
  ]);
  second.write(0, whole.subarray(0, BLOCK));
  second.write(2, whole.subarray(2 * BLOCK, 3 * BLOCK));
  await second.place();
  const [file] = await second.finish();
  assert.ok(readFileSync(file!.path).equals(whole));
});

test('U8 ended between the place of the files and the word that they are there, they are found there', async () => {
  const target = folder('placed');
  const init = {
    id: random.bytes(16),
    manifest: manifestOf(['f', 100_000]),
    folder: target,
    durable: true,
    keep: true,
  };
  const whole = content(100_000);
  const first = await PartialDownload.open(init);
  for (const block of [0, 1]) first.write(block, whole.subarray(block * BLOCK, (block + 1) * BLOCK));
  await first.place();
  const files = await first.finish();
  const second = await PartialDownload.open(init);
  assert.equal(second.have.size, 2);
  await second.place();
  assert.deepEqual(await second.finish(), files);
  discardPartial(target, init.id);
  assert.deepEqual(readdirSync(target), ['f']);
});

test('U9 what does not fit on the disk is refused before anything is written', async () => {
  const target = folder('small');
  await assert.rejects(open(target, manifestOf(['huge', 2 ** 50])), { code: 'disk-full', reason: 'limit' });
  assert.deepEqual(readdirSync(target), []);
});

test('U12 a folder swapped for a link while files are written leads nowhere else', async () => {
  const target = folder('links');
  const outside = folder('outside');
  const manifest = manifestOf(...Array.from({ length: 100 }, (_, i): [string, number] => [`d/${i}`, BLOCK]));
  const id = random.bytes(16);
  const partial = await open(target, manifest, id);
  const tree = join(target, readdirSync(target)[0]!, 'tree');
  // More files than descriptors are kept, so that names are looked up again and again; the folder changes under way.
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const swapped = i % 3 !== 0;
    if (swapped) {
      renameSync(join(tree, 'd'), join(tree, 'real'));
      symlinkSync(outside, join(tree, 'd'));
    }
    try {
      partial.write(i % 100, content(BLOCK));
    } catch {
      refused++;
    }
    if (swapped) {
      rmSync(join(tree, 'd'));
      renameSync(join(tree, 'real'), join(tree, 'd'));
    }
  }
  assert.ok(refused > 0);
  assert.deepEqual(readdirSync(outside), []);
  await partial.close();
});

test('U12 a link where a file is to be written is not followed', async () => {
  const target = folder('link');
  const victim = join(root, 'victim');
  writeFileSync(victim, 'mine');
  const id = random.bytes(16);
  const hidden = join(target, `.p2pchat-${Buffer.from(id).toString('hex')}.part`, 'tree');
  mkdirSync(hidden, { recursive: true });
  symlinkSync(victim, join(hidden, 'f'));
  const partial = await open(target, manifestOf(['f', BLOCK]), id);
  partial.write(0, content(BLOCK));
  await partial.place();
  await partial.finish();
  assert.equal(readFileSync(victim, 'utf8'), 'mine');
});

test('U11 a link with the final name is neither followed nor replaced', async () => {
  const target = folder('taken');
  symlinkSync(join(root, 'nowhere'), join(target, 'f'));
  const partial = await open(target, manifestOf(['f', 10]));
  partial.write(0, content(10));
  await partial.place();
  const [file] = await partial.finish();
  assert.equal(file!.path, join(target, 'f (2)'));
});

test('a journal cut anywhere keeps what stands before the cut', () => {
  const manifest = manifestDigest(manifestOf(['f', 10 * BLOCK]));
  const path = join(root, 'journal');
  const fd = openSync(path, 'a');
  const writer = new JournalWriter(fd, manifest, 'boot', 0);
  for (const block of [3, 1, 4, 0]) writer.block(block);
  closeSync(fd);
  const whole = readFileSync(path);
  assert.equal(readJournal(whole, manifest, 'boot')?.have.size, 4);
  let before = 4;
  for (let length = whole.length - 1; length > 0; length--) {
    truncateSync(path, length);
    const size = readJournal(readFileSync(path), manifest, 'boot')?.have.size ?? 0;
    assert.ok(size <= before && size <= 4);
    before = size;
  }
});

test('after a start of the machine only what was synced counts', () => {
  const manifest = manifestDigest(manifestOf(['f', 10 * BLOCK]));
  const path = join(root, 'journal-boot');
  const fd = openSync(path, 'a');
  const writer = new JournalWriter(fd, manifest, 'monday', 0);
  writer.block(0);
  writer.block(1);
  writer.synced(writer.blocks);
  writer.block(2);
  closeSync(fd);
  assert.equal(readJournal(readFileSync(path), manifest, 'monday')?.have.size, 3);
  assert.equal(readJournal(readFileSync(path), manifest, 'tuesday')?.have.size, 2);
  assert.equal(readJournal(readFileSync(path), random.bytes(32), 'monday'), null);
});
