import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Stage } from '../support/stage.js';

/** What an operator sees and does, at a directory in a process of its own. */

const open: Stage[] = [];
after(() => Promise.all(open.map((stage) => stage.close())));

async function stageWith(...words: string[]): Promise<Stage> {
  const stage = new Stage();
  open.push(stage);
  return stage.open(...words);
}

const ask = (stage: Stage, ...words: string[]) =>
  stage.workshop.run(['directory', ...words, '--data', stage.data, '--json'], { home: stage.workshop.folder });

test('the log names the deed, its person and group, on standard output and on the terminal; never what was said', async () => {
  const stage = await stageWith('--log', '-', '--verbose');
  const owner = stage.newcomer('owner');
  await stage.register(owner, '--invite', stage.ownerInvite);
  const bob = await stage.registered('bob');
  for (const words of [
    ['group', 'create', 'crew', 'bob'],
    ['send', '#crew', 'an unmistakable sentence'],
  ]) {
    assert.equal((await owner.run(words)).status, 0, words.join(' '));
  }
  assert.equal((await bob.run(['group', 'join', 'crew'])).status, 0);
  assert.equal((await owner.run(['kick', 'bob', '--group', 'crew'])).status, 0);
  const kick = await stage.directory.event(({ deed }) => deed === 'kick bob in #crew');
  assert.deepEqual([kick.user, kick.command, kick.outcome, kick.level], ['owner', 'groups.act', 'ok', 30]);
  await stage.directory.event(({ deed, user }) => deed === 'join #crew' && user === 'bob');
  await stage.directory.says(/\d\d owner: kick bob in #crew: ok \(\d+ ms\)/, 'stderr');
  assert.ok(!existsSync(join(stage.data, 'directory.log')), 'nothing is kept twice');
  const { stdout, stderr } = await stage.directory.kill();
  assert.doesNotMatch(stdout + stderr, /unmistakable/);
});

test('the log goes on in a new file after SIGHUP, and its level changes while it runs', async () => {
  const stage = await stageWith();
  const log = join(stage.data, 'directory.log');
  const moved = join(stage.data, 'moved.log');
  renameSync(log, moved);
  stage.directory.child.kill('SIGHUP');
  while (!existsSync(log)) await ask(stage, 'status');
  assert.equal((await ask(stage, 'log-level', 'debug')).events[0]?.level, 'debug');
  await stage.registered('ann');
  assert.equal((await ask(stage, 'log-level', 'error')).events[0]?.level, 'error');
  await stage.registered('bob');
  assert.equal((await ask(stage, 'log-level', 'loud')).status, 2);
  const { status } = await stage.directory.kill();
  assert.equal(status, 0);
  const text = readFileSync(log, 'utf8');
  assert.match(text, /"level":20[^\n]*"msg":"connected"/);
  assert.match(text, /"user":"ann"/);
  assert.match(text, /"to":"error","msg":"log level set by the operator"/);
  assert.doesNotMatch(text, /"user":"bob"/);
  assert.match(readFileSync(moved, 'utf8'), /listening/);
});

const operated =
  (action: string) => (said: { readonly event?: string; readonly action?: unknown; readonly by?: unknown }) =>
    said.event === 'moderation' && said.action === action && said.by === '(operator)';

test('what the operator does stands in the ledger and is told: at once, or when one is back, and once', async () => {
  const stage = await stageWith();
  const owner = stage.newcomer('owner');
  await stage.register(owner, '--invite', stage.ownerInvite);
  const [ann, bob] = [await stage.registered('ann'), await stage.registered('bob')];
  const here = await ann.listen();
  const away = await bob.listen();
  await away.kill();
  for (const name of ['ann', 'bob']) assert.equal((await ask(stage, 'reset-second-factor', name)).status, 0);
  await here.event(operated('reset-second-factor'));
  const back = await bob.listen();
  await back.event(operated('reset-second-factor'));
  await back.kill();
  assert.equal((await ask(stage, 'unblock', 'bob')).status, 0);
  const again = await bob.listen();
  await again.event(operated('unblock'));
  assert.ok(!again.events.some(operated('reset-second-factor')), 'once');
  await again.kill();
  assert.equal((await ask(stage, 'registration', 'closed')).status, 0);

  const lines = (events: readonly object[]) =>
    events.map((line) => line as Record<string, unknown>).filter(({ event }) => event === 'ledger');
  const seen = lines((await bob.run(['ledger'])).events);
  assert.deepEqual(
    seen.map(({ action, by, user }) => [action, by, user]),
    [
      [undefined, undefined, undefined],
      ['reset-second-factor', '(operator)', 'bob'],
      ['unblock', '(operator)', 'bob'],
      [undefined, undefined, undefined],
    ],
  );
  const all = lines((await owner.run(['ledger'])).events);
  assert.deepEqual([all[0]?.user, all[3]?.action, all[3]?.mode], ['ann', 'registration', 'closed']);
  const { events } = await ask(stage, 'audit');
  assert.deepEqual(
    events.map(({ number, by }) => [number, by]),
    [1, 2, 3, 4].map((number) => [number, '(operator)']),
  );
  assert.match(String(events[0]?.act), /^[\w-]{100,}$/);
});

test('ownership is handed over at the console, and both know it', async () => {
  const stage = await stageWith();
  const owner = stage.newcomer('owner');
  await stage.register(owner, '--invite', stage.ownerInvite);
  const ann = await stage.registered('ann');
  const [lost, won] = [await owner.listen(), await ann.listen()];
  const { status, events } = await ask(stage, 'owner', 'ann');
  assert.deepEqual([status, events[0]?.user, events[0]?.before], [0, 'ann', 'owner']);
  await won.event(({ event, role }) => event === 'moderation' && role === 'super-admin');
  await lost.event(({ event, role }) => event === 'moderation' && role === 'beginner');
  assert.equal((await ann.through(['role', 'owner', 'admin'])).status, 0);
  assert.equal((await ask(stage, 'owner', 'nobody-here')).status, 5);
  assert.equal((await ask(stage, 'account', 'remove', 'ann')).status, 8);
});

test('an account whose password and phrase are lost is taken anew by whoever has the token, with its role, and by nobody else', async () => {
  const stage = await stageWith();
  const owner = stage.newcomer('owner');
  await stage.register(owner, '--invite', stage.ownerInvite);
  const [ann, bob] = [await stage.registered('ann'), await stage.registered('bob')];
  assert.equal((await owner.run(['role', 'bob', 'advanced'])).status, 0);
  assert.equal((await ann.run(['send', 'bob', 'before', '--wait', 'stored'])).status, 0);
  assert.equal((await owner.run(['group', 'create', 'crew', 'bob'])).status, 0);
  assert.equal((await bob.run(['group', 'join', 'crew'])).status, 0);
  const old = await bob.listen();
  const [reset] = (await ask(stage, 'account', 'reset', 'bob')).events;
  assert.equal(reset?.event, 'account-reset');
  const { stdout } = await old.ended;
  assert.match(stdout, /account-reset/);

  const stranger = stage.newcomer('bob');
  const refused = await stage.register(stranger);
  assert.equal(refused.events.find(({ event }) => event === 'error')?.code, 'name-taken');
  const wrong = await stage.register(stranger, '--invite', 'iAAAAAAAAAAAAAAAAAAAAAA');
  assert.equal(wrong.events.find(({ event }) => event === 'error')?.code, 'invite-invalid');
  const anew = stage.newcomer('bob', 'another museum teapot violet');
  const { status, events } = await stage.register(anew, '--invite', String(reset?.invite));
  assert.equal(status, 0, JSON.stringify(events));
  const users = (await owner.run(['users'])).events;
  assert.equal(users.find(({ user }) => user === 'bob')?.role, 'advanced');
  assert.equal((await stage.register(stranger, '--invite', String(reset?.invite))).status === 0, false);
  // Whoever knew the old identity is told before anything is sent to the new one.
  const sent = await ann.run(['send', 'bob', 'after', '--timeout', '30']);
  assert.equal(sent.status, 6, sent.stdout);
  // The way back is open, in conversations and in groups.
  for (const [who, ...words] of [
    [ann, 'verify', 'bob', 'accept'],
    [ann, 'send', 'bob', 'welcome', '--wait', 'stored'],
    [owner, 'verify', 'bob', 'accept'],
    [owner, 'kick', 'bob', '--group', 'crew'],
    [owner, 'group', 'invite', 'crew', 'bob'],
    [anew, 'group', 'join', 'crew'],
    [owner, 'send', '#crew', 'all here'],
  ] as const) {
    const done = await who.run(words);
    assert.equal(done.status, 0, `${words.join(' ')}\n${done.stdout}`);
  }
  const heard = (await anew.run(['listen', '--count', '2', '--timeout', '120'])).events;
  const texts = heard.filter(({ event }) => event === 'message').map(({ text }) => text);
  assert.deepEqual(texts.sort(), ['all here', 'welcome']);
});

test('a directory starts by its configuration file alone, and serves its figures', async () => {
  const stage = new Stage();
  open.push(stage);
  const options = ['listen = "127.0.0.1:0"', `data = "${stage.data}"`, 'metrics = "127.0.0.1:0"', 'rooms = ["den"]'];
  const config = stage.workshop.file(`${options.join('\n')}\n`);
  const place = { home: stage.workshop.folder };
  const running = stage.workshop.start(['directory', 'start', '--config', config, '--json'], place);
  const ready = await running.event(({ event }) => event === 'ready');
  stage.link = String(ready.link);
  const health = await fetch(new URL('/healthz', String(ready.metrics)));
  assert.deepEqual([health.status, await health.text()], [200, 'ok\n']);
  const ann = await stage.registered('ann');
  assert.equal((await ann.run(['group', 'join', 'den'])).status, 0);
  assert.equal((await running.kill()).status, 0);
});

test("the owner's line and everybody's are apart, and what ends says so before and after", async () => {
  const stage = new Stage();
  open.push(stage);
  const place = { home: stage.workshop.folder };
  const data = ['--data', stage.data];
  const running = stage.workshop.start(['directory', 'start', ...data, '--listen', '127.0.0.1:0'], place);
  await running.says(/To join/);
  const lines = running.stdout.split('\n');
  const invited = lines.filter((line) => line.includes('--invite'));
  assert.equal(invited.length, 1);
  assert.match(lines[lines.indexOf(invited[0]!) - 1]!, /passed on to nobody/);
  assert.match(lines[lines.findIndex((line) => line.startsWith('To join')) + 1]!, /register NAME --directory '[^']+'$/);
  const paused = await stage.workshop.run(['directory', 'pause', ...data], place);
  assert.match(paused.stdout, /^Paused: .* 0 devices .* stay\. Nothing has ended/);
  assert.match((await stage.workshop.run(['directory', 'resume', ...data], place)).stdout, /Connections are taken/);
  const stopped = await stage.workshop.run(['directory', 'stop', ...data], place);
  assert.match(stopped.stdout, /^The directory ends, as a whole: .*\nIt has ended\.\n$/);
  assert.equal((await running.ended).status, 0);
});

test('a directory that has moved is given once by its new link, and found there from then on', async () => {
  const stage = await stageWith();
  const ann = await stage.registered('ann');
  assert.equal((await stage.directory.kill()).status, 0);
  stage.link = '';
  await stage.open();
  const nowhere = stage.link.replace(/:\d+#/, ':1#');
  assert.equal((await ann.run(['users', '--directory', nowhere])).status, 7);
  assert.equal((await ann.run(['users'])).status, 7, 'the old address is gone, and a wrong one not remembered');
  assert.equal((await ann.run(['users', '--directory', stage.link])).status, 0);
  assert.equal((await ann.run(['users'])).status, 0);
});
