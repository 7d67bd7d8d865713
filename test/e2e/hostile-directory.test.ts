import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import { startDirectory } from '../../src/directory/directory.js';
import { HOSTILE, harmOf } from '../support/hostile-text.js';
import { type Ended, Workshop } from '../support/processes.js';

/** A directory that lies wherever it says no; the program is the real one. */
const workshop = new Workshop();
const directory = await startDirectory({ listen: { host: '127.0.0.1', port: 0 }, store: 'memory' });
after(async () => {
  await workshop.close();
  await directory.close();
});
const { core } = directory.site;
const home = workshop.folder;
const password = workshop.file('four unlikely words together 7\n');

const lie = (): Failure =>
  Failure.from({
    reason: 'denied',
    code: 'not-permitted',
    message: HOSTILE,
    hint: HOSTILE,
    details: { nearest: HOSTILE },
  });

const run = (words: readonly string[], input = ''): Promise<Ended> =>
  workshop.run([...words, '--password-file', password], { home, input });

function unharmed(what: string, { stdout, stderr }: Ended): void {
  assert.ok(`${stdout}${stderr}`.includes('pay me'), `${what} did not say what the directory said: ${stderr}`);
  assert.equal(harmOf(stdout), '', `${what}, standard output`);
  assert.equal(harmOf(stderr), '', `${what}, standard error`);
}

test('T1 T2 N8 what a lying directory says of an error reaches no terminal raw', async () => {
  const start = core.registration.start.bind(core.registration);
  core.registration.start = async () => {
    throw lie();
  };
  const registering = ['register', 'vic', '--directory', directory.link];
  unharmed('register', await run(registering));
  unharmed('register --json', await run([...registering, '--json']));
  core.registration.start = start;
  assert.equal((await run(registering)).status, 0);

  core.namedGroups.find = async () => {
    throw lie();
  };
  const need = core.accounts.need.bind(core.accounts);
  core.accounts.need = async (user) => {
    if (user !== 'vic') throw lie();
    return need(user);
  };
  for (const words of [
    ['group', 'join', 'lobby'],
    ['verify', 'bob'],
    ['send', 'bob', 'hi'],
  ]) {
    unharmed(words.join(' '), await run(words));
    unharmed(`${words.join(' ')} --json`, await run([...words, '--json']));
  }
  unharmed('login --plain', await run(['login', '--plain'], '/join lobby\n/verify bob\n'));
  const request = { jsonrpc: '2.0', id: 1, method: 'group join', params: { name: 'lobby' } };
  unharmed('rpc', await run(['rpc'], `${JSON.stringify(request)}\n`));
});
