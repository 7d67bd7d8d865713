import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundle, version } from '../../src/base/package-files.js';

const dist = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'p2pchat-bundle-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('without its bundle the program says how to make it, and runs nothing else', () => {
  cpSync(join(dist, 'bin'), join(folder, 'bin'), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'p2pchat.js'), '--version'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^p2pchat: the program is not built\. Run 'npm run build'/);
});

test('the program that runs is the bundle, of the version of its package', () => {
  const { stdout } = spawnSync(process.execPath, [join(dist, 'bin', 'p2pchat.js'), '--version'], { encoding: 'utf8' });
  assert.equal(stdout.trim(), version);
  assert.equal(fileURLToPath(bundle('p2pchat')), join(dist, 'program', 'p2pchat.js'));
});

test('what is in the bundles is there with its licence, and nothing is asked of node_modules', () => {
  const program = join(dist, 'program');
  const licences = readFileSync(join(program, 'LICENSES.txt'), 'utf8');
  for (const name of ['ts-mls', 'yargs', 'valibot', '@serenity-kit/opaque']) {
    assert.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, `, 'm'));
  }
  const bare = new Set<string>();
  for (const file of readdirSync(program, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const text = readFileSync(join(program, file), 'utf8');
    for (const [, name] of text.matchAll(/^import .*?from "([^".][^"]*)";$/gm)) bare.add(name!);
  }
  assert.deepEqual([...bare].filter((name) => !isBuiltin(name)).sort(), []);
});

test('threads start also where the library is used by node --eval', () => {
  const url = new URL('../../src/transfer/transfer.js', import.meta.url);
  const text = `import { openTransfers } from '${url}';
    const transfers = await openTransfers({ listen: [{ host: '127.0.0.1', port: 0 }] });
    console.log(transfers.endpoints.length);
    await transfers.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' });
  assert.equal(stdout.trim(), '1', stderr);
});
