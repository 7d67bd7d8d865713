import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Running, Workshop } from '../support/processes.js';

const workshop = new Workshop();
const password = ['--password-file', workshop.file('four unlikely words together 7\n')];
const home = (name: string): string => {
  const folder = join(workshop.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const run = (name: string, ...words: string[]) => workshop.run([...words, '--json', ...password], { home: home(name) });

async function does(name: string, ...words: string[]) {
  const ended = await run(name, ...words);
  assert.equal(ended.status, 0, `${name}: ${words.join(' ')}\n${ended.stdout}${ended.stderr}`);
  return ended.events;
}

before(async () => {
  const data = ['--data', join(workshop.folder, 'directory'), '--listen', '127.0.0.1:0'];
  const words = ['directory', 'start', '--json', ...data, '--upload-quota', '9MB', '--upload-space', '12MB'];
  const ready = await workshop.start(words, { home: home('operator') }).event(({ event }) => event === 'ready');
  const register = (name: string, ...more: string[]) =>
    does(name, 'register', name, '--directory', String(ready.link), ...more);
  await Promise.all([register('ann', '--invite', String(ready.ownerInvite)), register('bob'), register('eve')]);
  await does('ann', 'group', 'create', 'crew', 'bob');
  await does('bob', 'group', 'join', 'crew');
});
after(() => workshop.close());

const path = (name: string, bytes: number): string => {
  const at = join(workshop.folder, name);
  writeFileSync(at, randomBytes(bytes));
  return at;
};

test('a file is uploaded, listed and fetched by one who was away; quota ends with status 10, strangers with 8', async () => {
  const plan = path('plan.pdf', 1_500_000);
  const said = await does('ann', 'upload', '#crew', plan);
  assert.deepEqual(
    [said[0]?.state, said.at(-1)?.state, said.at(-1)?.bytes, said.at(-1)?.group],
    ['uploading', 'stored', 1_500_000, '#crew'],
  );
  const [listed] = await does('bob', 'files', '#crew');
  assert.deepEqual([listed?.name, listed?.from, listed?.state], ['plan.pdf', 'ann', 'stored']);
  const id = String(listed?.id);
  const into = join(workshop.folder, 'into');
  const fetched = await does('bob', 'download', id.slice(0, 8), into);
  assert.equal(fetched.at(-1)?.path, join(into, 'plan.pdf'));
  assert.deepEqual(readFileSync(join(into, 'plan.pdf')), readFileSync(plan));
  assert.deepEqual(readdirSync(into), ['plan.pdf'], 'nothing is left over');

  const refused = async (status: number, code: string, name: string, ...words: string[]): Promise<void> => {
    const { status: was, events } = await run(name, ...words);
    const error = events.find(({ event }) => event === 'error');
    assert.deepEqual([was, error?.code], [status, code], `${name}: ${words.join(' ')}`);
    assert.ok(String(error?.hint).length > 0, `${code} names the next step`);
  };
  await refused(10, 'upload-quota', 'ann', 'upload', '#crew', path('large.bin', 9_000_000));
  await refused(8, 'group-not-joined', 'eve', 'upload', '#crew', plan);
  await refused(8, 'group-not-joined', 'eve', 'files', '#crew');
  await refused(5, 'upload-unknown', 'eve', 'download', id);
  await refused(2, 'no-such-file', 'ann', 'upload', '#crew', '/nowhere');
  await refused(8, 'upload-of-others', 'bob', 'removefile', id);
  await does('ann', 'removefile', id);
  await refused(5, 'upload-gone', 'bob', 'download', id);
  // Room that was given back is there again, and all together have no more than there is.
  await does('bob', 'upload', '#crew', path('bobs.bin', 8_000_000));
  await refused(10, 'upload-quota', 'ann', 'upload', '#crew', path('more.bin', 5_000_000));
});

test('U8 an upload whose program is killed goes on with the next one, and is told of once', async () => {
  const large = path('film.mp4', 3_500_000);
  const listening = (): Running => workshop.start(['listen', '--json', ...password], { home: home('ann') });
  const first = listening();
  await first.event(({ event }) => event === 'ready');
  const upload = workshop.start(['upload', '#crew', large, '--json', ...password], { home: home('ann') });
  await upload.event(({ state }) => state === 'uploading');
  await first.kill('SIGKILL');
  await upload.ended;
  const second = listening();
  await second.event(({ event }) => event === 'ready');
  const bob = workshop.start(['listen', '--json', ...password], { home: home('bob') });
  await bob.event(({ event, upload: told }) => event === 'message' && (told as { name?: string })?.name === 'film.mp4');
  const files = await does('bob', 'files', '#crew');
  assert.equal(files.filter(({ name, state }) => name === 'film.mp4' && state === 'stored').length, 1);
  const fetched = await does('bob', 'download', String(files.at(-1)?.id), join(workshop.folder, 'films'));
  assert.deepEqual(readFileSync(String(fetched.at(-1)?.path)), readFileSync(large));
  await Promise.all([second.kill(), bob.kill()]);
});
