import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { packageFile } from '../../src/base/package-files.js';

const require = createRequire(import.meta.url);
const manifest = require('p2pchat/package.json');

/** What npm would put into the packed file. */
function packed(): { files: Set<string>; bytes: number } {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent', '--offline'];
  const text = execFileSync('npm', words, { cwd: packageFile('.'), encoding: 'utf8' });
  const [{ files, unpackedSize }] = JSON.parse(text);
  return { files: new Set(files.map(({ path }: { path: string }) => path)), bytes: unpackedSize };
}

test('the package needs no other package and no script to be installed', () => {
  assert.equal(manifest.dependencies, undefined);
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    assert.equal(manifest.scripts[name], undefined);
  // npm picks the platform's binary; the program that calls it is in the bundle, and takes no other version.
  const { version } = JSON.parse(readFileSync(packageFile('node_modules/koffi/package.json'), 'utf8'));
  const optional = Object.entries(manifest.optionalDependencies);
  assert.deepEqual(
    optional,
    ['arm64', 'x64'].map((cpu) => [`@koromix/koffi-linux-${cpu}`, version]),
  );
});

test('what is packed is what runs, with its types, licences and pages, and nothing that is only for building', () => {
  const { files, bytes } = packed();
  const named = [manifest.bin.p2pchat, manifest.man, manifest.exports['.'].types, manifest.exports['.'].default];
  for (const file of named) assert.ok(files.has(file.replace('./', '')), file);
  for (const file of ['dist/program/LICENSES.txt', 'dist/program/koffi.cjs', 'LICENSE', 'docs/operations.md']) {
    assert.ok(files.has(file), file);
  }
  const forBuilding = [...files].filter((file) => /\.map$|\.png$|^(src|test|scripts|bench|node_modules)\//.test(file));
  assert.deepEqual(forBuilding, []);
  assert.ok(bytes < 16e6, `${bytes} bytes`);
});

test('the licences of what the native parts are built of come along', () => {
  const text = readFileSync(packageFile('dist/program/LICENSES.txt'), 'utf8');
  for (const name of ['koffi', 'classic-level', 'blessed', 'node-gyp-build'])
    assert.match(text, new RegExp(`^${name} \\d`, 'm'));
  for (const name of ['leveldb', 'snappy']) assert.match(text, new RegExp(`^classic-level/deps/${name}/`, 'm'));
});
