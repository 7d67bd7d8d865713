import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Running, type Said, Workshop } from '../support/processes.js';

const workshop = new Workshop();
const password = ['--password-file', workshop.file('four unlikely words together 7\n')];
const home = (name: string): string => {
  const folder = join(workshop.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const start = (name: string, ...words: string[]): Running =>
  workshop.start([...words, '--json', ...password], { home: home(name) });

async function does(name: string, ...words: string[]): Promise<readonly Said[]> {
  const ended = await workshop.run([...words, '--json', ...password], { home: home(name) });
  assert.equal(ended.status, 0, `${name}: ${words.join(' ')}\n${ended.stdout}${ended.stderr}`);
  return ended.events;
}

async function refused(status: number, code: string, name: string, ...words: string[]): Promise<Said> {
  const ended = await workshop.run([...words, '--json', ...password], { home: home(name) });
  const error = ended.events.find(({ event }) => event === 'error');
  assert.deepEqual([ended.status, error?.code], [status, code], `${name}: ${words.join(' ')}\n${ended.stdout}`);
  assert.ok(String(error?.hint).length > 0, `${code} names the next step`);
  return error!;
}

let directory: Running;
let listen = '127.0.0.1:0';
let link = '';
let invite = '';
async function open(...more: string[]): Promise<void> {
  const data = ['--data', join(workshop.folder, 'directory'), '--listen', listen];
  directory = workshop.start(['directory', 'start', '--json', ...data, '--upload-quota', '60MB', ...more], {
    home: home('operator'),
  });
  const ready = await directory.event(({ event }) => event === 'ready');
  link = String(ready.link);
  invite = String(ready.ownerInvite ?? invite);
  listen = /\/\/([^#]+)#/.exec(link)![1]!;
}

before(async () => {
  await open();
  const register = (name: string, ...more: string[]) => does(name, 'register', name, '--directory', link, ...more);
  await Promise.all([register('ann', '--invite', invite), register('bob'), register('eve'), register('dan')]);
});
after(() => workshop.close());

const path = (name: string, bytes: number): string => {
  const at = join(workshop.folder, 'files', name);
  mkdirSync(join(at, '..'), { recursive: true });
  writeFileSync(at, randomBytes(bytes));
  return at;
};
const laidOf = (said: Said | undefined) =>
  said?.laid as { state?: string; expires?: string; bytes?: number } | undefined;
const isLaid = (said: Said): boolean => laidOf(said)?.state === 'laid';
const transfer = (state: string) => (said: Said) => said.event === 'transfer' && said.state === state;

/** The bytes of the files, wherever they came to. */
const came = (said: Said): Buffer[] =>
  (said.files as readonly { readonly path: string }[]).map((file) => readFileSync(file.path));

test('U8 what was laid down arrives whole: the sender gone for good, the receiver killed twice, the directory restarted', async () => {
  const big = path('big.bin', 40_000_000);
  const said = await does('ann', 'file', 'bob', big, '--leave');
  assert.deepEqual([said.at(-1)?.state, laidOf(said.at(-1))?.bytes], ['offered', 40_000_000]);
  assert.ok(Date.parse(laidOf(said.at(-1))!.expires!) > Date.now(), 'and says until when');
  const content = readFileSync(big);
  for (const gone of [home('ann'), big]) rmSync(gone, { recursive: true });

  const into = join(workshop.folder, 'into');
  const bob = (): Running => start('bob', 'listen', '--accept', 'all', '--to', into);
  let most = 0;
  for (const kill of [1, 2]) {
    const listening = bob();
    const { bytes } = await listening.event(
      ({ event, state, bytes }) => event === 'transfer' && state === 'running' && Number(bytes) > most,
      'bytes that come',
    );
    await listening.kill('SIGKILL');
    most = Number(bytes);
    assert.ok(most < content.length, `it was killed in the middle (${kill})`);
    if (kill === 1) {
      await directory.kill();
      await open();
    }
  }
  const last = bob();
  const first = await last.event(({ event, state }) => event === 'transfer' && state === 'running', 'it goes on');
  assert.ok(Number(first.bytes) > 0, 'from where it was');
  const done = await last.event(transfer('done'));
  assert.deepEqual(came(done), [content]);
  await last.kill();
  assert.deepEqual(readdirSync(into), ['big.bin'], 'nothing is left over');
});

test('a folder and what is piped are laid down too, taken by whoever accepts, and each side is told', async () => {
  const folder = join(workshop.folder, 'files', 'trip');
  mkdirSync(join(folder, 'empty'), { recursive: true });
  for (const [name, bytes] of [
    ['a.bin', 300_000],
    ['b.bin', 1],
    ['nothing', 0],
  ] as const)
    writeFileSync(join(folder, name), randomBytes(bytes));
  await does('dan', 'file', 'eve', folder, '--leave');
  const piped = workshop.run(['file', 'eve', '-', '--name', 'log.txt', '--leave', '--json', ...password], {
    ...{ home: home('dan'), input: 'a line\n'.repeat(50_000) },
  });
  assert.equal((await piped).status, 0, (await piped).stdout + (await piped).stderr);

  const listed = (await does('eve', 'transfers')).filter(({ state }) => state === 'offered');
  assert.deepEqual(
    listed.map((said) => laidOf(said)?.state),
    ['laid', 'laid'],
    'listed as offers are',
  );
  const into = join(workshop.folder, 'eves');
  const ends = await Promise.all([
    does('eve', 'accept', String(listed[0]!.id), into),
    (async () => does('eve', 'accept', String(listed[1]!.id), into))(),
  ]);
  assert.deepEqual(
    ends.map((said) => said.at(-1)?.state),
    ['done', 'done'],
  );
  assert.deepEqual(readFileSync(join(into, 'trip', 'a.bin')), readFileSync(join(folder, 'a.bin')));
  assert.deepEqual(readdirSync(join(into, 'trip')).sort(), ['a.bin', 'b.bin', 'empty', 'nothing']);
  assert.equal(readFileSync(join(into, 'log.txt'), 'utf8'), 'a line\n'.repeat(50_000));

  const told = start('dan', 'listen');
  await told.several(2, transfer('done'), 'that both were fetched');
  await told.kill();
});

test('without --leave the next step names it; what does not fit is status 10; what is taken back is gone for both', async () => {
  const small = path('small.bin', 100_000);
  const late = await refused(9, 'transfer-timeout', 'dan', 'file', 'bob', small, '--timeout', '6');
  assert.match(`${late.message} ${late.hint}`, /bob is not there.*--leave/);

  const large = await refused(10, 'upload-quota', 'dan', 'file', 'bob', path('large.bin', 61_000_000), '--leave');
  assert.match(String(large.message), /60000000/);

  const offered = (await does('dan', 'transfers')).filter(({ state }) => state === 'offered');
  assert.equal(offered.length, 2, 'both are still offered');
  const laid = await does('dan', 'transfers', 'leave', String(offered[0]!.id));
  assert.ok(isLaid(laid.at(-1)!));
  await does('dan', 'transfers', 'cancel', String(offered[0]!.id));
  await refused(2, 'deposit-needless', 'dan', 'transfers', 'leave', String(offered[0]!.id));

  const into = join(workshop.folder, 'bobs');
  const bob = start('bob', 'listen', '--to', into);
  const taken = await bob.event(
    ({ id, state }) => id === offered[0]!.id && state === 'failed',
    'that it was taken back',
  );
  assert.equal((taken.error as { code?: string }).code, 'transfer-cancelled');
  await bob.kill();
});

test('a group: who is there gets it straight, and the others have one copy at the directory', async () => {
  const lobby = '#lobby';
  for (const name of ['dan', 'bob', 'eve']) await does(name, 'group', 'join', 'lobby');
  const into = join(workshop.folder, 'lobbys');
  const eve = start('eve', 'listen', '--accept', 'all', '--to', join(into, 'eve'));
  await eve.event(({ event }) => event === 'ready');
  const plan = path('plan.pdf', 2_000_000);
  const said = await does('dan', 'file', lobby, plan, '--leave');
  await eve.event(transfer('done'));
  const ends = new Map(said.map((one) => [one.peer, one]));
  assert.equal(ends.get('eve')?.state, 'done');
  assert.ok(isLaid(ends.get('bob')!));
  const bob = start('bob', 'listen', '--accept', 'all', '--to', join(into, 'bob'));
  await bob.event(
    ({ event, state, files }) => event === 'transfer' && state === 'done' && JSON.stringify(files).includes('plan.pdf'),
  );
  assert.deepEqual(readFileSync(join(into, 'bob', 'plan.pdf')), readFileSync(plan));
  await Promise.all([bob.kill(), eve.kill()]);
});

test('in the chat --leave lays it down as well', async () => {
  const chat = start('dan', 'login', '--plain');
  await chat.event(({ event }) => event === 'ready');
  const small = path('from-the-chat.bin', 200_000);
  chat.type(`/p2pfile bob ${small} --leave`);
  const laid = await chat.event((said) => said.direction === 'out' && isLaid(said));
  assert.equal(laidOf(laid)?.bytes, 200_000);
  chat.end();
  assert.equal((await chat.ended).status, 0);
  const to = join(workshop.folder, 'from-the-chat');
  const bob = start('bob', 'listen', '--accept', 'all', '--to', to);
  const done = await bob.event((said) => transfer('done')(said) && said.id === laid.id);
  assert.ok(came(done)[0]!.equals(readFileSync(small)));
  await bob.kill();
});
