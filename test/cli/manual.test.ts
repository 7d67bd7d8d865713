import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { manual } from '../../src/cli/manual.js';
import { PROGRAMS } from '../../src/cli/programs.js';
import { commands } from '../../src/commands/commands.js';
import { Workshop } from '../support/processes.js';

const built = fileURLToPath(new URL('../../man/p2pchat.1', import.meta.url));
const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const workshop = new Workshop();
after(() => workshop.close());

test('the manual page of the package is what the commands say now, every one of them', async () => {
  const page = await manual(version);
  assert.equal(readFileSync(built, 'utf8'), page);
  const told = new Set([...page.matchAll(/^\.SS p2pchat (.+)$/gm)].map(([, name]) => name!.replaceAll('\\-', '-')));
  for (const { name, shell, about } of commands) {
    assert.equal(told.has(name), shell || PROGRAMS.includes(name), name);
    if (shell) assert.ok(page.includes(about.split(' ')[0]!.replaceAll('-', '\\-')), name);
  }
});

test('roff finds nothing wrong with it', (t) => {
  const checked = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z', built], { encoding: 'utf8' });
  if (checked.error !== undefined) return t.skip('groff is not installed');
  assert.deepEqual([checked.status, checked.stderr], [0, '']);
});

/** A folder with a command `p2pchat`, as an installation has it. */
function installed(): string {
  const folder = join(workshop.folder, 'bin');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'p2pchat');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(file, 0o755);
  return folder;
}

test('completion in bash completes commands, those within a command, and options', async (t) => {
  const script = await workshop.run(['completion', 'bash'], { home: workshop.folder });
  assert.equal(script.status, 0);
  const file = workshop.file(script.stdout);
  const complete = (...words: string[]): string[] => {
    const asked = `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _p2pchat_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: `${installed()}:${process.env.PATH}`, HOME: workshop.folder };
    return spawnSync('bash', ['-c', asked], { encoding: 'utf8', env }).stdout.trim().split('\n');
  };
  if (spawnSync('bash', ['--version']).error !== undefined) return t.skip('bash is not installed');
  assert.deepEqual(complete('p2pchat', 'reco'), ['recovery']);
  assert.deepEqual(complete('p2pchat', 'directory', 'sta'), ['start', 'status']);
  assert.ok(complete('p2pchat', 'send', '--wa').includes('--wait'));
});

test('completion has a script for zsh and fish, too, and says which shells it knows', async () => {
  const of = (shell: string) => workshop.run(['completion', shell, '--json'], { home: workshop.folder });
  assert.match((await of('zsh')).stdout, /^#compdef p2pchat|compdef _p2pchat/m);
  assert.match((await of('fish')).stdout, /^complete -c p2pchat /m);
  const other = await of('tcsh');
  assert.deepEqual([other.status, other.events[0]?.code], [2, 'argument-invalid']);
});
