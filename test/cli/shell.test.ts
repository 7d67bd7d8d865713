import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Workshop } from '../support/processes.js';

const program = fileURLToPath(new URL('../support/scripted-cli.js', import.meta.url));
const workshop = new Workshop();
after(() => workshop.close());

let homes = 0;
function home(script: object = { user: 'alice', password: 'right', unseen: ['one', 'two'] }, name?: string): string {
  const folder = join(workshop.folder, name ?? `home-${++homes}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
  return folder;
}

const run = (words: readonly string[], input = '', where = home()) =>
  workshop.run(words, { home: where, program, input });

const right = workshop.file('right\n');
const wrong = workshop.file('wrong\n');
const withPassword = ['--password-file', right];

test('a message is an argument, or standard input after the password', async () => {
  for (const [words, input] of [
    [['send', 'bob', 'hi there', ...withPassword], ''],
    [['send', 'bob', 'hi', 'there', ...withPassword], ''],
    [['send', '--text', 'hi', '--to', 'bob', ...withPassword], ''],
    [['msg', 'bob', 'hi', ...withPassword], ''],
    [['send', '@Bob', '-', ...withPassword], 'line one\nline two\n'],
    [['send', 'bob', ...withPassword], 'piped'],
    [['send', 'bob', '-', '--password-file', '-'], 'right\nthe text\n'],
    [['send', 'bob', '--wait', 'delivered', '--timeout', '3', ...withPassword, '--', '-dashes'], ''],
  ] as const) {
    const { status, stdout, stderr } = await run(words, input);
    assert.deepEqual([status, stdout, stderr], [0, 'Delivered to @bob.\n', ''], words.join(' '));
  }
});

test('with --json a result is an object a line, and so is an error, on standard output', async () => {
  const sent = await run(['send', 'bob', 'hi', '--json', ...withPassword]);
  assert.deepEqual(sent.events, [{ event: 'sent', id: 'id1', conversation: '@bob', state: 'delivered' }]);
  const failed = await run(['send', 'bob', 'hi', '--json', '--password-file', wrong]);
  assert.equal(failed.status, 3);
  assert.equal(failed.stderr, '');
  assert.equal(failed.events[0]?.event, 'error');
  assert.equal(failed.events[0]?.code, 'wrong-credentials');
  assert.ok(failed.events[0]?.hint);
});

test('status 5 when delivery was asked for and did not come, 7 when not even the directory has it', async () => {
  const stored = home({ user: 'alice', password: 'right', state: 'stored' });
  const queued = home({ user: 'alice', password: 'right', state: 'queued' });
  assert.equal((await run(['send', 'bob', 'x', ...withPassword], '', stored)).status, 0);
  const waited = await run(['send', 'bob', 'x', '--json', '--wait', 'delivered', ...withPassword], '', stored);
  assert.equal(waited.status, 5);
  assert.deepEqual(
    waited.events.map(({ event, state, code }) => [event, state ?? code]),
    [
      ['sent', 'stored'],
      ['error', 'not-delivered'],
    ],
  );
  assert.equal((await run(['send', 'bob', 'x', ...withPassword], '', queued)).status, 7);
  assert.equal((await run(['send', 'bob', 'x', '--wait', 'queued', ...withPassword], '', queued)).status, 0);
});

test('every wrong line has status 2, an error of its own and a next step', async () => {
  for (const [words, code] of [
    [[], 'usage'],
    [['sned', 'bob'], 'command-unknown'],
    [['send'], 'usage'],
    [['send', 'bob', 'hi', '--wiat', 'stored'], 'usage'],
    [['send', 'bob', 'hi', '--wait', 'forever'], 'usage'],
    [['send', 'bob', 'hi', '--timeout', 'soon', ...withPassword], 'argument-invalid'],
    [['send', 'bob', 'hi', '--timeout'], 'usage'],
    [['send', 'b/../b', 'hi', ...withPassword], 'argument-invalid'],
    [['send', 'bob', 'hi'], 'password-needed'],
    [['send', 'bob', 'hi', '--password-file', '/no/such/file'], 'password-file'],
    [['send', 'bob', 'hi', '--password-file', '/'], 'password-file'],
    [['send', 'bob', '-', '--password-file', '-'], 'password-empty'],
    [['listen', '--count', 'many', ...withPassword], 'argument-invalid'],
    [['listen', '--listen', 'nowhere', ...withPassword], 'listen-invalid'],
    [['listen', '--listen', '127.0.0.1:70000', ...withPassword], 'listen-invalid'],
    [['directory'], 'usage'],
    [['directory', 'strat'], 'command-unknown'],
    [['directory', 'start', '--store', 'nats://x'], 'password-needed'],
    [['directory', 'start', '--metrics', 'nowhere'], 'listen-invalid'],
    [['directory', 'start', '--registration', 'maybe'], 'usage'],
    [['directory', 'start', '--block-after', '0'], 'argument-invalid'],
    [['account'], 'usage'],
    [['search', ...withPassword], 'usage'],
    [['export', '--format', 'pdf', ...withPassword], 'usage'],
  ] as const) {
    const { status, events, stderr } = await run([...words, '--json']);
    assert.deepEqual([status, events[0]?.code, stderr], [2, code, ''], words.join(' '));
    assert.match(String(events[0]?.hint), /\S/, words.join(' '));
  }
});

test('without a profile a command says how to get one; whoami needs no password', async () => {
  const empty = home({ password: 'right' });
  const { status, stderr } = await run(['users', ...withPassword], '', empty);
  assert.equal(status, 3);
  assert.match(stderr, /p2pchat register NAME/);
  assert.equal((await run(['whoami'], '', empty)).status, 3);
  const me = await run(['whoami', '--json']);
  assert.equal(me.events[0]?.user, 'alice');
  assert.equal(me.status, 0);
});

test('a taken name, an invalid one and a weak password are refused with the reason', async () => {
  const empty = home({ password: 'right', taken: ['bob'] });
  const register = (name: string, file: string) =>
    run(['register', name, '--directory', 'p2pchat://127.0.0.1:1#ff', '--password-file', file, '--json'], '', empty);
  assert.equal((await register('bob', right)).events[0]?.code, 'name-taken');
  assert.equal((await register('b ob', right)).events[0]?.code, 'name-invalid');
  assert.equal((await register('system', right)).events[0]?.code, 'name-reserved');
  assert.equal((await register('carol', right)).events[0]?.code, 'password-weak');
  const done = await register('carol', workshop.file('long enough\n'));
  assert.deepEqual([done.status, done.events[0]?.event, done.events[0]?.user], [0, 'registered', 'carol']);
  const nowhere = await run(['register', 'carol', '--password-file', right, '--json'], '', home({}));
  assert.deepEqual([nowhere.status, nowhere.events[0]?.code], [2, 'directory-needed']);
});

test('listen says ready first, then what came meanwhile, and ends after as many messages as asked for', async () => {
  const { status, events } = await run(['listen', '--json', '--count', '2', '--timeout', '20', ...withPassword]);
  assert.equal(status, 0);
  assert.deepEqual(
    events.map(({ event, text, history }) => [event, text, history]),
    [
      ['ready', undefined, undefined],
      ['message', 'one', true],
      ['message', 'two', true],
    ],
  );
});

test('listen ends by time: well without a count, with status 1 when messages are missing', async () => {
  assert.equal((await run(['listen', '--timeout', '0', ...withPassword])).status, 0);
  assert.equal((await run(['listen', '--timeout', '0.1', '--count', '9', ...withPassword])).status, 1);
});

test('a second command goes through the one that has the profile open, without a password', async () => {
  const where = home();
  const listening = workshop.start(['listen', '--json', ...withPassword], { home: where, program });
  await listening.event(({ event }) => event === 'ready');
  assert.equal((await run(['send', 'bob', 'hi', '--json'], '', where)).events[0]?.state, 'delivered');
  assert.equal((await run(['history', '@bob', '--json'], '', where)).events[0]?.text, 'hello');
  assert.equal((await run(['verify', 'bob', 'sure'], '', where)).status, 2);

  const second = workshop.start(['listen', '--json'], { home: where, program });
  assert.equal((await second.event(({ event }) => event === 'ready')).user, 'alice');
  const chat = await run(['login', '--plain', '--json', ...withPassword], '', where);
  assert.deepEqual([chat.status, chat.events[0]?.code], [1, 'profile-in-use']);

  assert.equal((await listening.kill('SIGTERM')).status, 0);
  assert.equal((await second.ended).events.at(-1)?.code, 'session-ended');
});

test('X1 the control socket is for its owner alone, and what is not JSON-RPC is answered as such', async () => {
  const where = home();
  const listening = workshop.start(['listen', '--json', ...withPassword], { home: where, program });
  await listening.event(({ event }) => event === 'ready');
  const path = join(where, 'control.sock');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const socket = connect(path).setEncoding('utf8');
  socket.write(
    'nonsense\n{"jsonrpc":"2.0","id":1,"method":"__proto__"}\n{"jsonrpc":"2.0","id":2,"method":"send","params":{}}\n',
  );
  socket.write('{"jsonrpc":"2.0","id":3,"method":"history","params":{"conversation":"@bob","n":1}}\n');
  const answers: { id: unknown; error?: { code: number }; result?: { text: string }[] }[] = [];
  let held = '';
  for await (const chunk of socket) {
    held += chunk;
    const lines = held.split('\n');
    held = lines.pop()!;
    answers.push(...lines.map((line) => JSON.parse(line)));
    if (answers.length === 4) break;
  }
  const by = (id: unknown) => answers.find((answer) => answer.id === id);
  assert.equal(by(null)?.error?.code, -32_700);
  assert.equal(by(1)?.error?.code, -32_601);
  assert.equal(by(2)?.error?.code, -32_602);
  assert.equal(by(3)?.result?.[0]?.text, 'hello');
});

test('after kill -9 the socket left behind stops nobody', async () => {
  const where = home();
  const listening = workshop.start(['listen', '--json', ...withPassword], { home: where, program });
  await listening.event(({ event }) => event === 'ready');
  await listening.kill('SIGKILL');
  assert.equal((await run(['send', 'bob', 'hi', ...withPassword], '', where)).status, 0);
  const again = workshop.start(['listen', '--json', ...withPassword], { home: where, program });
  await again.event(({ event }) => event === 'ready');
  assert.equal((await run(['send', 'bob', 'hi'], '', where)).status, 0);
});

test('a profile deep in the file system has its socket in a private folder', async () => {
  const where = home(undefined, 'deep/'.repeat(30));
  const listening = workshop.start(['listen', '--json', ...withPassword], { home: where, program });
  await listening.event(({ event }) => event === 'ready');
  assert.equal((await run(['send', 'bob', 'hi'], '', where)).status, 0);
});

test('line mode: text goes where the last /msgto went, errors are told and the session goes on', async () => {
  const lines = [
    'hello?',
    '/msgto bob hi',
    'and more',
    '//slash',
    '/nope',
    '/verify',
    '/passwd',
    'old',
    'new',
    '/help verify',
  ];
  const { status, events } = await run(['login', '--plain', '--json', ...withPassword], `${lines.join('\n')}\n`);
  assert.equal(status, 0);
  assert.deepEqual(
    events.map(({ event, code, id, text }) => `${event} ${code ?? id ?? text ?? ''}`.trim()),
    [
      'ready',
      'message m1',
      'message m1',
      'error no-conversation',
      'sent id1',
      'sent id2',
      'sent id3',
      'error command-unknown',
      'error usage',
      'password-changed',
      ...events.filter(({ event }) => event === 'help').map(() => 'help'),
    ],
  );
});

test('line mode ends with /logout, and by signals with the status a shell expects', async () => {
  const chat = workshop.start(['login', '--plain', ...withPassword], { home: home(), program });
  await chat.says(/signed in as alice/);
  chat.type('/logout');
  assert.equal((await chat.ended).status, 0);
  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const) {
    const other = workshop.start(['login', '--plain', ...withPassword], { home: home(), program });
    await other.says(/signed in as alice/);
    assert.equal((await other.kill(signal)).status, status);
  }
});

test('help, version and completion are printed without a profile', async () => {
  const help = await run(['--help']);
  for (const command of ['register', 'login', 'send', 'listen', 'directory', 'account', 'completion']) {
    assert.match(help.stdout, new RegExp(`p2pchat ${command}`));
  }
  assert.equal(help.status, 0);
  assert.equal((await run(['--version'])).stdout, '0.0.0\n');
  assert.match((await run(['completion'])).stdout, /complete -o .* p2pchat/);
  assert.match((await run(['send', '--help'])).stdout, /--password-file/);
});
