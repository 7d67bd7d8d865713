import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Workshop } from '../support/processes.js';
import { PASSWORD } from '../support/stage.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const workshop = new Workshop();
after(() => workshop.close());

test('the packed package, installed globally, is a working p2pchat with its manual page, library and echo bot', async () => {
  const prefix = join(workshop.folder, 'prefix');
  const npm = (...words: string[]) => execFileSync('npm', words, { cwd: root, encoding: 'utf8' });
  npm('pack', '--silent', '--pack-destination', workshop.folder);
  const tarball = readdirSync(workshop.folder).find((name) => name.endsWith('.tgz'))!;
  const offline = ['--offline', '--cache', join(workshop.folder, 'cache')];
  // Nothing is asked of a registry: what is optional is left out where there is none.
  npm('install', '--silent', ...offline, '--global', '--prefix', prefix, join(workshop.folder, tarball));
  const installed = join(prefix, 'lib', 'node_modules', 'p2pchat');
  assert.ok(existsSync(join(installed, 'dist', 'man', 'p2pchat.1')));
  const types = [
    ...'--ignoreConfig --noEmit --strict --module nodenext --target es2022 --types node --typeRoots'.split(' '),
  ];
  execFileSync(process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    ...types,
    join(root, 'node_modules', '@types'),
    join(installed, 'examples', 'echo-bot.ts'),
  ]);
  const program = realpathSync(join(prefix, 'bin', 'p2pchat'));
  const home = join(workshop.folder, 'home');
  execFileSync('mkdir', ['-p', home]);
  const directory = workshop.start(['directory', 'start', '--listen', '127.0.0.1:0', '--json'], { home, program });
  const { link } = await directory.event(({ event }) => event === 'ready');
  const file = workshop.file(`${PASSWORD}\n`);
  const bot = workshop.start(['--directory', String(link), '--password-file', file], {
    home,
    program: join(installed, 'dist', 'examples', 'echo-bot.js'),
    env: { P2PCHAT_HOME: join(workshop.folder, 'echo') },
  });
  await bot.event(({ event }) => event === 'ready');
  const register = ['register', 'ada', '--directory', String(link), '--password-file', file, '--json'];
  assert.equal((await workshop.run(register, { home, program })).status, 0);
  const sent = await workshop.run(['send', 'echo', 'hello', '--wait', 'delivered', '--json', '--password-file', file], {
    home,
    program,
  });
  assert.deepEqual([sent.status, sent.events[0]?.state], [0, 'delivered']);
});
