// Lays out what an archive holds, as it will lie under /usr, /usr/local or ~/.local.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { NODE, PROCESSORS, unpack } from './runtime.mjs';

/**
 * By the name that it is started by, also through links; a shell that waits for nothing but `readlink` costs two
 * milliseconds.
 */
const LAUNCHER = `#!/bin/sh
# Starts p2pchat with the Node that came with it.
self=$(readlink -f -- "$0") || exit 1
home=\${self%/bin/p2pchat}
exec "$home/runtime/node" "$home/dist/bin/p2pchat.js" "$@"
`;

const COMPLETIONS = {
  bash: 'bash-completion/completions/p2pchat',
  zsh: 'zsh/site-functions/_p2pchat',
  fish: 'fish/vendor_completions.d/p2pchat.fish',
};

/** @param root of the sources, built; @param tree a folder that is made; @param cpu `x64` or `arm64` */
export function layOut(root, tree, cpu) {
  const parts = join(tree, '..', `parts-${cpu}`);
  rmSync(parts, { recursive: true, force: true });
  const home = join(tree, 'lib', 'p2pchat');
  for (const file of packedFiles(root)) copy(join(root, file), join(home, file));
  const native = `@koromix/koffi-linux-${cpu}`;
  const { version, integrity } = readJson(join(root, 'package-lock.json')).packages[`node_modules/${native}`];
  copy(unpack(native, version, integrity, join(parts, 'koffi')), join(home, 'node_modules', native));
  forMachine(home, cpu);
  const runtime = unpack(PROCESSORS[cpu].name, NODE, PROCESSORS[cpu].integrity, join(parts, 'node'));
  copy(join(runtime, 'bin', 'node'), join(home, 'runtime', 'node'));
  write(join(home, 'runtime', 'VERSION'), `${NODE} ${cpu}\n`);
  write(join(home, 'bin', 'p2pchat'), LAUNCHER);
  chmodSync(join(home, 'bin', 'p2pchat'), 0o755);
  mkdirSync(join(tree, 'bin'), { recursive: true });
  symlinkSync('../lib/p2pchat/bin/p2pchat', join(tree, 'bin', 'p2pchat'));
  write(join(tree, 'share', 'man', 'man1', 'p2pchat.1.gz'), gzipSync(readFileSync(join(root, 'dist/man/p2pchat.1'))));
  for (const [shell, file] of Object.entries(COMPLETIONS)) {
    write(join(tree, 'share', file), completion(root, shell));
  }
  const licences = [
    `p2pchat is under the licence in the file LICENSE. It comes with Node ${NODE}, whose licence, with those of what it is\nbuilt of, is the first below, and with the packages that follow it.`,
    readFileSync(join(runtime, 'LICENSE'), 'utf8'),
    readFileSync(join(root, 'dist', 'program', 'LICENSES.txt'), 'utf8'),
  ];
  write(join(tree, 'share', 'doc', 'p2pchat', 'THIRD-PARTY'), licences.join(`\n${'-'.repeat(72)}\n\n`));
  for (const file of ['LICENSE', 'CHANGELOG.md', 'docs/install.md']) {
    copy(join(root, file), join(tree, 'share', 'doc', 'p2pchat', file.replace('docs/', '')));
  }
  rmSync(parts, { recursive: true, force: true });
  return tree;
}

/** The files of the npm package, by npm's own word. */
export function packedFiles(root) {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent', '--offline'];
  const [{ files }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' }));
  return files.map(({ path }) => path).sort();
}

/** Builds for other machines stay away: the archive is for one kind. */
function forMachine(home, cpu) {
  const builds = join(home, 'dist', 'native', 'classic-level', 'prebuilds');
  for (const name of readdirSync(builds)) if (name !== `linux-${cpu}`) rmSync(join(builds, name), { recursive: true });
  rmSync(join(builds, `linux-${cpu}`, 'classic-level.musl.node'), { force: true });
  rmSync(join(home, 'node_modules', `@koromix/koffi-linux-${cpu}`, `musl_${cpu}`), { recursive: true, force: true });
}

function completion(root, shell) {
  const words = [join(root, 'dist', 'bin', 'p2pchat.js'), 'completion', shell];
  return execFileSync(process.execPath, words, { encoding: 'utf8' });
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
