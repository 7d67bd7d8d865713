import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageFile } from '../../src/base/package-files.js';
import { type Said, Workshop } from '../support/processes.js';
import { PASSWORD } from '../support/stage.js';

const workshop = new Workshop();
after(() => workshop.close());

/** The same program, of a later version. */
function later(version: string): string {
  const folder = join(workshop.folder, 'later');
  mkdirSync(join(folder, 'dist'), { recursive: true });
  for (const name of ['bin', 'program'])
    cpSync(packageFile(`dist/${name}`), join(folder, 'dist', name), { recursive: true });
  symlinkSync(packageFile('dist/native'), join(folder, 'dist', 'native'));
  const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  return join(folder, 'dist', 'bin', 'p2pchat.js');
}

test('a later version of the directory is told once to who watches, and not to who has turned it off', async () => {
  const data = join(workshop.folder, 'directory');
  const words = ['directory', 'start', '--data', data, '--listen', '127.0.0.1:0', '--json'];
  const directory = workshop.start(words, { home: workshop.folder, program: later('7.8.9') });
  const { link } = await directory.event(({ event }) => event === 'ready');
  const home = join(workshop.folder, 'ann');
  mkdirSync(home);
  const file = workshop.file(`${PASSWORD}\n`);
  const secret = ['--password-file', file, '--json'];
  const run = (...line: string[]) => workshop.run(line, { home });
  assert.equal((await run('register', 'ann', '--directory', String(link), ...secret)).status, 0);
  assert.equal((await run('whoami', ...secret)).status, 0);
  assert.equal((await run('preferences', 'upgrades', 'off', ...secret)).status, 0);
  const isNotice = ({ change }: Said): boolean => change === 'upgrade';
  const listen = () => workshop.start(['listen', '--accept', 'none', ...secret], { home });
  /** What has been said by when it is ready, and ended in order. */
  const said = async () => {
    const quiet = listen();
    await quiet.event(({ event }) => event === 'ready');
    return (await quiet.kill()).events.filter(isNotice);
  };
  assert.deepEqual(await said(), []);
  assert.equal((await run('preferences', 'upgrades', 'on', ...secret)).status, 0);
  const told = listen();
  assert.equal((await told.event(isNotice)).version, '7.8.9');
  await told.kill();
  assert.deepEqual(await said(), []);
});
