// Everything a change must pass, in the order in which it fails soonest.
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const steps = [
  ['types and build', ['run', '--silent', 'build']],
  ['lint', ['run', '--silent', 'lint']],
  ['layers', ['run', '--silent', 'layers']],
  ['dead code', ['run', '--silent', 'dead']],
  ['tests', ['test', '--silent']],
];
for (const [title, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error(`verify: ${title} failed`);
    process.exit(1);
  }
  console.log(`verify: ${title} passed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
