// Runs the built tests with Node's own runner. `node scripts/test.mjs [--slow] [PART…]`: PART picks files by a part of
// their path. Slow tests are the files named *.slow.test.js.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const slow = process.argv.includes('--slow');
const parts = process.argv.slice(2).filter((word) => !word.startsWith('--'));

const files = readdirSync(join(root, 'dist', 'test'), { recursive: true })
  .filter((name) => name.endsWith('.test.js') && name.endsWith('.slow.test.js') === slow)
  .map((name) => join('dist', 'test', name))
  .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .sort();

if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}
// For what hangs: on a busy machine a file of many programs takes minutes.
const limit = slow ? 3_600_000 : 900_000;
const result = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${limit}`,
    ...(process.env.CI ? ['--test-reporter=spec'] : []),
    ...files,
  ],
  // Tests say nothing on the network of the machine they run on; those that want to be heard have one of their own.
  { cwd: root, stdio: 'inherit', env: { ...process.env, P2PCHAT_LAN: 'off', P2PCHAT_MAPPING: 'off' } },
);
process.exit(result.status ?? 1);
