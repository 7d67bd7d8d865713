import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { choosePlayer } from '../../../src/commands/player.js';

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{}');
const URL = 'http://127.0.0.1:1/secret/film.mp4';

/** A player that writes down how it was called, what came by its input and what stands in the file it was given. */
function recorder(name: string): string {
  const path = join(folder, name);
  const script = `const { readFileSync, writeFileSync, statSync } = require('node:fs');
const args = process.argv.slice(2);
const last = args.at(-1);
const list = last.endsWith('.m3u') ? { list: readFileSync(last, 'utf8'), mode: statSync(last).mode & 0o777, last } : {};
let input = '';
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', () => writeFileSync(${JSON.stringify(`${path}.json`)}, JSON.stringify({ args, input, ...list })));
`;
  writeFileSync(path, `#!${process.execPath}\n${script}`, { mode: 0o755 });
  return path;
}

async function called(name: string): Promise<Record<string, string & string[]>> {
  const path = recorder(name);
  const child = await choosePlayer(`${path} --own`, URL).start(URL);
  child.ref();
  if (child.exitCode === null) await once(child, 'close');
  return JSON.parse(readFileSync(`${path}.json`, 'utf8'));
}

test('N7 mpv takes nothing in a film for an address, and hears ours by its input', async () => {
  const { args, input } = await called('mpv');
  for (const option of ['--no-config', '--ordered-chapters=no', '--ytdl=no', '--own']) {
    assert.ok(args!.includes(option), option);
  }
  assert.ok(!args!.join(' ').includes('secret'));
  assert.equal(input, `${URL}\n`);
});

test('N7 VLC reads the address from a file that nobody else can, which is gone with it', async () => {
  for (const name of ['vlc', 'cvlc']) {
    const { args, list, mode, last } = await called(name);
    assert.ok(!args!.join(' ').includes('secret'));
    assert.deepEqual([list, mode], [`#EXTM3U\n${URL}\n`, 0o600]);
    assert.throws(() => readFileSync(last!), { code: 'ENOENT' });
  }
});
