import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareTransfers } from '../../src/transfer/thread/prepare-thread.js';
import { openTransfers } from '../../src/transfer/transfer.js';

const LISTEN = { listen: [{ host: '127.0.0.1', port: 0 }] };

test('a thread that was prepared serves the first who opens transfers, and only him', async () => {
  prepareTransfers();
  const [first, second] = [await openTransfers(LISTEN), await openTransfers(LISTEN)];
  assert.notEqual(first.endpoints[0]!.address.port, second.endpoints[0]!.address.port);
  await first.close();
  assert.equal((await second.reflexive({ ...second.endpoints[0]!.address })).host, '127.0.0.1');
  await second.close();
});

test('one that nobody wants keeps no program from ending', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-prepared-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const module = new URL('../../src/transfer/thread/prepare-thread.js', import.meta.url).href;
  // A file: a thread of a program from --eval would not start.
  const program = join(folder, 'program.mjs');
  writeFileSync(program, `import { prepareTransfers } from '${module}'; prepareTransfers(); console.log('prepared');`);
  const { status, stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, stdout], [0, 'prepared\n']);
});
