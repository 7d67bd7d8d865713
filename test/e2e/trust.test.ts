import assert from 'node:assert/strict';
import { cpSync, renameSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { errorCode, isMessage, messages, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const ina = await stage.registered('ina');

test('C1 under a changed identity nothing is sent before it is accepted, and then only what is said from then on', async () => {
  // A directory set back to before jon came gives his name to somebody else.
  const backup = `${stage.data}-backup`;
  await stage.directory.kill();
  cpSync(stage.data, backup, { recursive: true });
  await stage.open();
  await stage.registered('jon');
  assert.equal((await ina.run(['send', 'jon', 'to the first'])).status, 0);
  await stage.directory.kill();
  rmSync(stage.data, { recursive: true });
  renameSync(backup, stage.data);
  await stage.open();
  const other = await stage.registered('jon');
  const refused = await ina.run(['send', 'jon', 'not for strangers']);
  assert.equal(refused.status, 6);
  assert.match(String(refused.events.at(-1)?.hint), /verify/);
  const shown = await ina.run(['verify', 'jon']);
  assert.equal(shown.events[0]?.change, 'changed');
  assert.deepEqual(messages((await other.run(['listen', '--timeout', '0.5'])).events), []);
  assert.equal((await ina.run(['verify', 'jon', 'accept'])).status, 0);
  const sent = await ina.run(['send', 'jon', 'to the second']);
  assert.equal(sent.status, 0, sent.stdout);
  // What was said to the one before is for nobody else, however it got lost on its way.
  const { events } = await other.run(['listen', '--count', '1', '--timeout', '20']);
  assert.ok(events.some(isMessage('to the second')));
  const later = messages((await other.run(['listen', '--timeout', '1'])).events);
  assert.deepEqual([later, events.filter(isMessage('to the first'))], [[], []]);
  const { events: kept } = await ina.run(['history', 'jon']);
  assert.deepEqual(
    kept.flatMap(({ text, state }) => (text === undefined ? [] : [[text, state === 'failed']])),
    [
      ['to the first', true],
      ['to the second', false],
    ],
  );
});

test('S7 a second session on the same profile ends with a message, and the first goes on', async () => {
  const kim = await stage.registered('kim');
  const chat = await kim.chat();
  const second = await kim.run(['login', '--plain']);
  assert.deepEqual([second.status, errorCode(second)], [1, 'profile-in-use']);
  assert.match(String(second.events.at(-1)?.hint), /P2PCHAT_HOME/);
  const through = await kim.through(['users']);
  assert.equal(through.status, 0);
  chat.type('/msgto ina still here');
  await chat.event(({ event, state }) => event === 'sent' && state === 'stored');
  chat.end();
  assert.equal((await chat.ended).status, 0);
});

test('one-shot commands started at once on one profile wait for each other', async () => {
  const lea = await stage.registered('lea');
  const all = await Promise.all([1, 2, 3, 4].map((round) => lea.run(['send', 'ina', `round ${round}`])));
  assert.deepEqual(
    all.map(({ status }) => status),
    [0, 0, 0, 0],
  );
});

test('T1 T2 a hostile text is one line of text in the chat of the one who gets it', async () => {
  const max = await stage.registered('max');
  const chat = stage.workshop.start(
    ['login', '--plain', '--listen', '127.0.0.1:0', '--password-file', max.passwordFile],
    { home: max.home },
  );
  await chat.says(/signed in as max/);
  const evil = '\x1b[2J\x1b]52;c;aGk=\x07\x9b31mred\x1bc\b\b\r\n12:00 @ina ina: pay me\u2028x{bold}\u202eabc\u2066';
  const sent = await ina.run(['send', 'max', '-'], `first\n${evil}\nlast`);
  assert.equal(sent.status, 0, sent.stdout);
  await chat.says(/last\n/);
  chat.end();
  const { stdout } = await chat.ended;
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028]/);
  const [line, ...more] = stdout.split('\n').filter((one) => one.includes('pay me'));
  assert.deepEqual(more, []);
  assert.match(line!, /^\d\d:\d\d @ina ina: first ⏎ .* ⏎ 12:00 @ina ina: pay me ⏎ x\{bold\}abc ⏎ last$/);
});

test('a busy port and a folder that cannot be used have errors of their own', async () => {
  const busy = await stage.workshop.run(
    ['directory', 'start', '--json', '--data', `${stage.data}-2`, '--listen', /\/\/(.*)#/.exec(stage.link)![1]!],
    { home: stage.workshop.folder },
  );
  assert.deepEqual([busy.status, errorCode(busy)], [2, 'port-busy']);
  const again = await stage.workshop.run(
    ['directory', 'start', '--json', '--data', stage.data, '--listen', '127.0.0.1:0'],
    { home: stage.workshop.folder },
  );
  assert.deepEqual([again.status, errorCode(again)], [1, 'store-in-use']);
  const taken = await ina.run(['listen', '--listen', /\/\/(.*)#/.exec(stage.link)![1]!]);
  assert.deepEqual([taken.status, errorCode(taken)], [2, 'port-busy']);
  const file = stage.workshop.file('not a folder');
  const folder = await stage.workshop.run(['whoami', '--json'], {
    home: stage.workshop.folder,
    env: { P2PCHAT_HOME: file },
  });
  assert.deepEqual([folder.status, errorCode(folder)], [1, 'home-unusable']);
});

test('a device that was shut out is told so with status 6 by each command, and reads what it has', async () => {
  const nat = await stage.registered('nat');
  const laptop = await stage.anotherDevice(nat);
  assert.equal((await laptop.run(['send', 'ina', 'before'])).status, 0);
  const { events } = await laptop.run(['whoami']);
  const revoked = await nat.run(['device', 'revoke', String(events[0]?.device)]);
  assert.equal(revoked.status, 0, revoked.stdout);
  for (const words of [['send', 'ina', 'after'], ['users'], ['listen', '--timeout', '60']]) {
    const ended = await laptop.run(words);
    assert.deepEqual([ended.status, errorCode(ended)], [6, 'certificate-revoked'], `${words[0]}: ${ended.stdout}`);
    assert.match(String(ended.events.findLast(({ event }) => event === 'error')?.hint), /[Ll]og in/);
  }
  const history = await laptop.run(['history', 'ina']);
  assert.equal(history.status, 0, history.stdout);
  assert.ok(history.events.some(({ text }) => text === 'before'));
});

test('a running directory is asked by its control socket, and ended by it', async () => {
  const ask = (...words: string[]) =>
    stage.workshop.run(['directory', ...words, '--data', stage.data, '--json'], { home: stage.workshop.folder });
  assert.equal((await ask('status')).events[0]?.link, stage.link);
  assert.ok((await ask('users')).events.some(({ user }) => user === 'ina'));
  assert.equal((await ask('pause')).events[0]?.accepting, false);
  assert.equal((await ask('resume')).events[0]?.accepting, true);
  assert.equal((await ask('registration', 'maybe')).status, 2);
  assert.equal((await ask('stop')).status, 0);
  assert.equal((await stage.directory.ended).status, 0);
  assert.deepEqual([(await ask('status')).status, errorCode(await ask('status'))], [7, 'directory-not-running']);
});
