import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasCode, type MessageEvent, openBot } from 'p2pchat';
import type { Running, Said } from '../support/processes.js';
import { isMessage, PASSWORD, Stage } from '../support/stage.js';

const echoBot = fileURLToPath(new URL('../../examples/echo-bot.js', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/bots.md', import.meta.url));

const stage = await new Stage().open();
after(() => stage.close());
const home = () => join(stage.workshop.folder, 'echo');

function startBot(): Running {
  const words = ['--directory', stage.link, '--password-file', stage.workshop.file(`${PASSWORD}\n`)];
  // The folder is made by the bot; the process starts beside it.
  return stage.workshop.start([...words, '--listen', '127.0.0.1:0'], {
    home: stage.workshop.folder,
    program: echoBot,
    env: { P2PCHAT_HOME: home() },
  });
}

let bot = startBot();
await bot.event(({ event }) => event === 'ready');
const alice = await stage.registered('alice');

test('the echo bot answers a person and a mention, welcomes who comes in, and says what a file is', async () => {
  const chat = await alice.chat();
  chat.type('/msgto echo hello');
  await chat.event(isMessage('echo: hello'));
  chat.type('/join lobby');
  await chat.event(({ from, text }) => from === 'echo' && /^Hello alice!/.test(String(text)));
  chat.type('just talking');
  chat.type('@echo what is up?');
  await chat.event(isMessage('echo: alice, what is up?'));
  const file = join(stage.workshop.folder, 'note.txt');
  const content = 'a note\n'.repeat(1_000);
  writeFileSync(file, content);
  chat.type(`/p2pfile echo ${file}`);
  const sum = createHash('sha256').update(content).digest('hex');
  const { text } = await chat.event(({ event, text }) => event === 'message' && /SHA-256/.test(String(text)));
  assert.match(String(text), new RegExp(`note.txt: 7000 bytes, SHA-256 ${sum}`));
  chat.end();
  const { events } = await chat.ended;
  assert.ok(!events.some(({ from, text }) => from === 'echo' && /just talking/.test(String(text))));
});

test('a bot that comes back answers what it missed, once, and not what a group said meanwhile', async () => {
  const { status } = await bot.kill();
  assert.equal(status, 0);
  assert.equal((await alice.run(['send', 'echo', 'missed'])).status, 0);
  assert.equal((await alice.run(['send', '#lobby', '@echo nobody hears this'])).status, 0);
  const listening = await alice.listen();
  bot = startBot();
  await listening.event(isMessage('echo: missed'));
  assert.equal((await alice.through(['send', 'echo', 'last'])).status, 0);
  await listening.event(isMessage('echo: last'));
  const answers = (await listening.kill()).events.filter(({ from }) => from === 'echo').map(({ text }) => text);
  assert.deepEqual(answers, ['echo: missed', 'echo: last']);
});

// --- The session of docs/bots.md ---

interface Step {
  readonly says: string;
  readonly hears: unknown[];
}

function worked(): Step[] {
  const [, block = ''] = /```rpc\n([\s\S]*?)```/.exec(readFileSync(guide, 'utf8')) ?? [];
  const steps: Step[] = [];
  for (const line of block.trim().split('\n')) {
    if (line.startsWith('> ')) steps.push({ says: line.slice(2), hears: [] });
    else steps.at(-1)!.hears.push(JSON.parse(line.slice(2)));
  }
  return steps;
}

/** "…" in the guide is anything; everything else is as it stands. */
function fits(shown: unknown, said: unknown): boolean {
  if (shown === '…') return said !== undefined;
  if (typeof shown !== 'object' || shown === null || typeof said !== 'object' || said === null) return shown === said;
  const [a, b] = [shown as Record<string, unknown>, said as Record<string, unknown>];
  return Object.keys({ ...a, ...b }).every((key) => fits(a[key], b[key]));
}

test('the session in docs/bots.md goes as it is written there', async () => {
  const session = alice.start(['rpc', '--listen', '127.0.0.1:0']);
  for (const { says, hears } of worked()) {
    session.type(says);
    for (const shown of hears) await session.event((said) => fits(shown, said), JSON.stringify(shown));
  }
  session.end();
  assert.equal((await session.ended).status, 0);
});

test('what was asked before the end of the input is answered; a wrong password is an answer, too', async () => {
  const lines = Array.from({ length: 50 }, (_, id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'whoami' }));
  const { status, events } = await alice.run(['rpc'], `${lines.join('\n')}\n`);
  assert.deepEqual([status, new Set(events.map(({ id }) => id)).size], [0, 50]);
  const words = ['rpc', '--json', '--password-file', stage.workshop.file('not the password\n')];
  const refused = await stage.workshop.run(words, { home: alice.home });
  const [{ id, error }] = refused.events as [Said & { readonly error: { readonly code: number } }];
  assert.deepEqual([refused.status, refused.events.length, id, error.code], [3, 1, null, -32_003]);
});

/** One caller of a socket. */
function caller(path: string) {
  const socket = connect(path).setEncoding('utf8');
  let held = '';
  const said: Said[] = [];
  const watchers = new Set<() => void>();
  socket.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop()!;
    said.push(...lines.map((line) => JSON.parse(line) as Said));
    for (const watcher of watchers) watcher();
  });
  return {
    socket,
    ask: (id: number, method: string, params: object = {}): Promise<Said> =>
      new Promise((resolve) => {
        const watcher = (): void => {
          const answer = said.find((each) => each.id === id);
          if (answer) resolve(answer);
        };
        watchers.add(watcher);
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      }),
  };
}

test('X1 a socket is for its owner alone, serves several callers, and outlives those that hang up', async () => {
  const path = join(stage.workshop.folder, 'rpc.sock');
  const serving = alice.start(['rpc', '--socket', path, '--listen', '127.0.0.1:0']);
  assert.equal((await serving.event(({ event }) => event === 'ready')).socket, path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const [one, two] = [caller(path), caller(path)];
  two.socket.write('nonsense\n');
  two.socket.destroy();
  const sent = await one.ask(1, 'send', { to: 'echo', text: 'by socket', wait: 'delivered' });
  assert.equal((sent.result as Said[])[0]?.state, 'delivered');
  assert.ok(Array.isArray((await one.ask(2, 'users')).result));
  const again = await alice.through(['rpc', '--socket', path]);
  assert.deepEqual([again.status, again.events.at(-1)?.code], [2, 'socket-taken']);
  const taken = await alice.through(['rpc', '--socket', alice.passwordFile]);
  assert.deepEqual([taken.status, readFileSync(alice.passwordFile, 'utf8')], [2, `${PASSWORD}\n`]);
  assert.equal((await serving.kill()).status, 0);
});

test('while a chat has the profile open, rpc goes through it without a password', async () => {
  const chat = await alice.chat();
  const path = join(stage.workshop.folder, 'through.sock');
  const serving = stage.workshop.start(['rpc', '--socket', path, '--json'], { home: alice.home });
  await serving.event(({ event }) => event === 'ready');
  const me = await caller(path).ask(1, 'whoami');
  assert.equal((me.result as Said[])[0]?.user, 'alice');
  const line = '{"jsonrpc":"2.0","id":1,"method":"send","params":["echo","through the chat"]}\n';
  const { status, events } = await stage.workshop.run(['rpc'], { home: alice.home, input: line });
  assert.deepEqual([status, events.length, events[0]?.id], [0, 1, 1]);
  await chat.event(isMessage('echo: through the chat'));
  chat.end();
  await chat.ended;
  const { status: after, events: last } = await serving.ended;
  assert.deepEqual([after, last.at(-1)?.code], [1, 'session-ended']);
});

test('a bot on the library registers, talks, tells what a handler threw, and comes back to its account without its folder', async () => {
  const init = { password: PASSWORD, directory: stage.link, user: 'libby', listen: '127.0.0.1:0' };
  const failures: string[] = [];
  const first = await openBot({
    ...init,
    home: join(stage.workshop.folder, 'libby'),
    onError: ({ message }, { event }) => failures.push(`${event}: ${message}`),
  });
  const heard = new Promise<MessageEvent>((resolve) => {
    first.on('message', (message) => {
      resolve(message);
      throw new Error('a fault of the bot');
    });
  });
  await first.start();
  assert.equal((await first.send('echo', 'hi', { wait: 'delivered' })).state, 'delivered');
  assert.equal((await heard).text, 'echo: hi');
  assert.deepEqual(failures, ['message: a fault of the bot']);
  await assert.rejects(first.send('nobody', 'hi'), (error) => hasCode(error, 'user-unknown'));
  // The shell goes through it.
  const whoami = await stage.workshop.run(['whoami', '--json'], { home: join(stage.workshop.folder, 'libby') });
  assert.equal(whoami.events[0]?.user, 'libby');
  await first.close();
  const second = await openBot({ ...init, home: join(stage.workshop.folder, 'libby-again') });
  assert.notEqual(second.peer.device, first.peer.device);
  await second.close();
  const stranger = openBot({ ...init, home: join(stage.workshop.folder, 'other'), password: 'not the password' });
  await assert.rejects(stranger, (error) => hasCode(error, 'name-taken'));
  const lost = openBot({ home: join(stage.workshop.folder, 'none'), password: PASSWORD });
  await assert.rejects(lost, (error) => hasCode(error, 'login-incomplete'));
});
