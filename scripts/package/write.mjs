// Writes an archive and a Debian package of what was laid out: the same bytes for the same commit and the same tools.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { NODE, PROCESSORS } from './runtime.mjs';

/** What a release is, is the commit: its time is the time of all files. */
export function timeOf(root) {
  const given = process.env.SOURCE_DATE_EPOCH;
  return given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();
}

/** @returns the file that was made, beside one with its SHA-256 */
export function writeArchive(tree, name, time, xz) {
  const file = join(dirname(tree), `${name}.tar.${xz ? 'xz' : 'gz'}`);
  // A bare Debian has gzip and no xz.
  const through = xz ? 'xz -9 -T1' : 'gzip -n -6';
  const words = ['--format=gnu', '--sort=name', `--mtime=@${time}`, '--owner=0', '--group=0', '--numeric-owner'];
  const what = ['--mode=u+w,go=rX', `--transform=s,^\\.,${name},S`, '-C', tree, '.'];
  execFileSync('tar', [...words, `--use-compress-program=${through}`, '-cf', file, ...what]);
  return summed(file);
}

export function writeDebian(tree, { version, description, license }, cpu, time, xz) {
  const { debian } = PROCESSORS[cpu];
  const out = dirname(tree);
  const root = join(out, `debian-${cpu}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  cpSync(tree, join(root, 'usr'), { recursive: true, verbatimSymlinks: true });
  const doc = join(root, 'usr', 'share', 'doc', 'p2pchat');
  renameSync(join(doc, 'LICENSE'), join(doc, 'copyright'));
  rmSync(join(root, 'usr', 'install.sh'));
  const completions = join(root, 'usr', 'share', 'zsh');
  renameSync(join(completions, 'site-functions'), join(completions, 'vendor-completions'));
  const bytes = Number(execFileSync('du', ['-sk', join(root, 'usr')], { encoding: 'utf8' }).split('\t')[0]);
  const control = [
    'Package: p2pchat',
    `Version: ${version}`,
    `Architecture: ${debian}`,
    'Maintainer: The p2pchat authors',
    `Installed-Size: ${bytes}`,
    // Node's own demands; a bare root of Debian has them.
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6',
    'Section: net',
    'Priority: optional',
    `Description: ${description.split(':')[0]}`,
    ` ${description}.`,
    ' .',
    ` It comes with Node ${NODE}; no other package is needed. Licence: ${license}.`,
    '',
  ];
  writeFileSync(join(root, 'DEBIAN', 'control'), control.join('\n'));
  execFileSync('chmod', ['-R', 'u+w,go=rX', root]);
  const file = join(out, `p2pchat_${version}_${debian}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', xz ? '-Zxz' : '-Zgzip', '-z6', '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: time },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(root, { recursive: true });
  return summed(file);
}

/** As `sha256sum` reads it, beside the file. */
function summed(file) {
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  writeFileSync(`${file}.sha256`, `${hash}  ${basename(file)}\n`);
  return file;
}
