// Behind `npm start`, `npm test` and the rest: installs what is missing or stale, applies the patches, builds what is
// newer than its output. Uses only Node's own modules, because nothing else may be there yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const quiet = process.argv.includes('--quiet');
const say = (text) => quiet || process.stderr.write(`${text}\n`);

/** A published package has its output and no sources: there is nothing to ensure. */
if (!existsSync(join(root, 'tsconfig.json'))) process.exit(0);

function fail(text) {
  process.stderr.write(`p2pchat: ${text}\n`);
  process.exit(1);
}

function run(command, args, next) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.error?.code === 'ENOENT')
    fail(`'${command}' is not there. Install Node 20.19 or newer with npm, then run this again.`);
  if (result.status !== 0) fail(`'${command} ${args.join(' ')}' failed. ${next}`);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer, then run this again.`);
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function stampIs(file, value) {
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

const patches = readdirSync(join(root, 'patches'))
  .filter((name) => name.endsWith('.patch'))
  .map((name) => join('patches', name));
const installed = join(root, 'node_modules', '.p2pchat-installed');
const wanted = digestOf(['package.json', 'package-lock.json', ...patches]);
if (!stampIs(installed, wanted)) {
  say('p2pchat: installing packages (once)…');
  run(
    'npm',
    ['ci', '--include=dev', '--no-progress'],
    'Check the network and the free disk space, then run this again.',
  );
  if (patches.length > 0) {
    run(
      process.execPath,
      [join('node_modules', 'patch-package', 'index.js'), '--error-on-fail'],
      'Remove node_modules, then run this again.',
    );
  }
  writeFileSync(installed, wanted);
}

function sources() {
  return ['bin', 'src', 'examples', 'test', 'bench'].flatMap((folder) =>
    !existsSync(join(root, folder))
      ? []
      : readdirSync(join(root, folder), { recursive: true })
          .filter((name) => name.endsWith('.ts'))
          .map((name) => join(folder, name)),
  );
}

/** What makes the program of what is compiled. */
const MAKERS = ['bundle.mjs', 'declarations.mjs', 'manual.mjs', 'own-places.mjs', 'string-width.mjs'];
const built = join(root, 'dist', '.p2pchat-built');
const state = createHash('sha256')
  .update(wanted)
  .update(readFileSync(join(root, 'tsconfig.json')))
  .update(digestOf(MAKERS.map((name) => join('scripts', name))))
  .update(readFileSync(join(root, 'src', 'page', 'page.html')));
const files = sources().sort();
for (const file of files) {
  const { mtimeMs, size } = statSync(join(root, file));
  state.update(`${file}:${mtimeMs}:${size}\n`);
}
const stamp = state.digest('hex');
if (!stampIs(built, stamp) || !existsSync(join(root, 'dist', 'program', 'LICENSES.txt'))) {
  say('p2pchat: building…');
  rmSync(built, { force: true });
  removeOrphans();
  run(
    process.execPath,
    [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
    'The messages above say what is wrong with the sources.',
  );
  run(
    process.execPath,
    [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', join('src', 'page', 'tsconfig.json')],
    'The messages above say what is wrong with the page for guests.',
  );
  run(process.execPath, [join('scripts', 'bundle.mjs')], 'The program could not be made of its modules.');
  run(process.execPath, [join('scripts', 'manual.mjs')], 'The manual page could not be made of the commands.');
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, stamp);
}

/** Output whose source is gone would still be run as a test or imported: it goes too. */
function removeOrphans() {
  for (const folder of ['bin', 'src', 'examples', 'test', 'bench']) {
    const out = join(root, 'dist', folder);
    if (!existsSync(out)) continue;
    for (const name of readdirSync(out, { recursive: true })) {
      if (!name.endsWith('.js')) continue;
      const source = join(root, folder, name.replace(/\.js$/, '.ts'));
      if (existsSync(source)) continue;
      for (const end of ['.js', '.js.map', '.d.ts']) rmSync(join(out, name.replace(/\.js$/, end)), { force: true });
      rmSync(join(root, 'dist', 'tsconfig.tsbuildinfo'), { force: true });
    }
  }
}
