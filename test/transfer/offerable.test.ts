import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describe } from '../../src/transfer/files/file-source.js';
import { MANIFEST_BYTES, TRANSFER_FILES, TRANSFER_PATH_DEPTH } from '../../src/wire/limits.js';
import { manifestCodec } from '../../src/wire/transfer-manifest.js';

/** What no receiver would take is refused where it is offered, before anything is stored or said. */

const root = mkdtempSync(join(tmpdir(), 'p2pchat-offerable-'));
after(() => rmSync(root, { recursive: true }));

function folderOf(name: string, files: readonly string[]): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const file of files) writeFileSync(join(folder, file), 'x');
  return folder;
}

const numbered = (count: number, name: string): string[] => Array.from({ length: count }, (_, i) => `${i} ${name}`);

test('N25 a folder whose names are too long together is refused with the limit', async () => {
  const folder = folderOf('long', numbered(1_600, `${'holiday '.repeat(16)}.jpg`));
  await assert.rejects(describe([folder]), (error: Error & { code: string }) => {
    assert.equal(error.code, 'list-too-long');
    assert.match(error.message, new RegExp(`1600 files .* ${MANIFEST_BYTES}`));
    return true;
  });
});

test('N25 a folder with too many files, or too deep, is refused with the limit', async () => {
  await assert.rejects(describe([folderOf('many', numbered(TRANSFER_FILES + 1, 'a'))]), { code: 'too-many-files' });
  const levels = Array.from({ length: TRANSFER_PATH_DEPTH }, (_, i) => `l${i}`);
  mkdirSync(join(root, ...levels), { recursive: true });
  writeFileSync(join(root, ...levels, 'file'), 'x');
  await assert.rejects(describe([join(root, 'l0')]), { code: 'too-deep' });
});

test('what is offered is what can be read', async () => {
  const { manifest } = await describe([folderOf('most', numbered(TRANSFER_FILES, 'a'))]);
  assert.deepEqual(manifestCodec.decode(manifestCodec.encode(manifest)), manifest);
});

test('a folder of nothing but empty folders, or of what is not sent, is refused by its own words', async () => {
  mkdirSync(join(root, 'only', 'a', 'b'), { recursive: true });
  await assert.rejects(describe([join(root, 'only')]), (error: Error & { code: string; hint: string }) => {
    assert.deepEqual(
      [error.code, /: only empty folders$/.test(error.message), /tar/.test(error.hint)],
      ['nothing-to-send', true, true],
    );
    return true;
  });
  symlinkSync('nowhere', join(root, 'only', 'link'));
  await assert.rejects(describe([join(root, 'only')]), /only empty folders, 'only\/link' is a link$/);
});
