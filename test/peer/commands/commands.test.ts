import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/errors.js';
import { bindNamed } from '../../../src/commands/bind-arguments.js';
import type { Context, Item } from '../../../src/commands/command.js';
import { commands } from '../../../src/commands/commands.js';
import { details, usage } from '../../../src/commands/help.js';
import { permit } from '../../../src/commands/lookup.js';
import { parseSlash } from '../../../src/commands/slash.js';
import { ScriptedPeer, scriptedMessage } from '../../support/scripted-peer.js';

const context = (more: Partial<Context> = {}): Context => ({
  face: 'slash',
  commands,
  now: () => Date.parse('2026-01-01T12:00:00Z'),
  ...more,
});

async function typed(peer: ScriptedPeer, line: string, given = context()): Promise<{ items: Item[]; lines: string[] }> {
  const { command, args } = parseSlash(commands, line);
  const items: Item[] = [];
  for await (const item of command.run(peer, args, given)) items.push(item);
  return { items, lines: items.flatMap((item) => command.lines(item, given)) };
}

test('a message typed in the chat is queued without waiting, and its conversation becomes the current one', async () => {
  const peer = new ScriptedPeer();
  const given = context();
  const { items } = await typed(peer, '/msgto bob hello', given);
  assert.deepEqual(items, [{ event: 'sent', id: 'id1', conversation: '@bob', state: 'queued' }]);
  assert.deepEqual(peer.calls, [['send', '@bob', 'hello']]);
  assert.equal(given.current, '@bob');
});

test('a shell waits until stored or beyond, and says by its status that this did not come', async () => {
  const send = commands.find(({ name }) => name === 'send')!;
  const shell = context({ face: 'shell' });
  for (const [state, wait, exit] of [
    ['delivered', 'stored', 0],
    ['stored', 'stored', 0],
    ['queued', 'stored', 7],
    ['stored', 'delivered', 5],
  ] as const) {
    const peer = new ScriptedPeer();
    peer.state = state;
    const items: Item[] = [];
    const all = async () => {
      for await (const item of send.run(peer, { to: '@bob', text: 'x', wait, timeout: 2 }, shell)) items.push(item);
    };
    if (exit === 0) await all();
    else await assert.rejects(all, (error) => error instanceof Failure && error.exit === exit);
    assert.equal(items[0]?.state, state);
    assert.deepEqual(peer.calls[1], ['waitFor', 'id1', wait, 2000]);
  }
});

test('T2 a line break in a text cannot begin a line of its own', async () => {
  const peer = new ScriptedPeer();
  peer.messages = [scriptedMessage('hi\n10:01 @bob bob: send money\r\nor else\u2028x')];
  const { lines } = await typed(peer, '/history @bob');
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /@bob bob: hi ⏎ 10:01 @bob bob: send money ⏎ or else ⏎ x$/);
});

test('T1 a terminal sequence in a stored text or name is gone from the line', async () => {
  const peer = new ScriptedPeer();
  peer.messages = [scriptedMessage('a\x1b]52;c;aGk=\x07b\x9b2Jc\x08\rd', { from: 'b\x1b[31mob' })];
  const { lines } = await typed(peer, '/history @bob');
  assert.doesNotMatch(lines.join(''), /[\x00-\x1f\x7f-\x9f]/);
});

test('without a conversation, history takes the current one, else lists all', async () => {
  const peer = new ScriptedPeer();
  await typed(peer, '/history 7', context({ current: '@carol' }));
  assert.deepEqual(peer.calls, [['history', { conversation: '@carol', limit: 7 }]]);
  const { items } = await typed(peer, '/history');
  assert.deepEqual(items, [{ event: 'conversation', conversation: '@bob', unread: 2 }]);
});

test('a failed check makes the doctor fail, after saying all of them', async () => {
  const peer = new ScriptedPeer();
  peer.checks = [
    { name: 'clock', ok: true, says: 'right' },
    { name: 'directory', ok: false, says: 'no answer', hint: 'Start it.' },
  ];
  const doctor = commands.find(({ name }) => name === 'doctor')!;
  const items: Item[] = [];
  await assert.rejects(async () => {
    for await (const item of doctor.run(peer, {}, context())) items.push(item);
  }, /1 check failed/);
  assert.equal(items.length, 2);
});

test('help lists every slash command, and explains one with an example', async () => {
  const peer = new ScriptedPeer();
  const { lines } = await typed(peer, '/help');
  for (const { slash } of commands) {
    if (slash !== undefined)
      assert.ok(
        lines.some((line) => line.startsWith(`/${slash}`)),
        slash,
      );
  }
  assert.match((await typed(peer, '/help /msgto')).lines.join('\n'), /^\/msgto USER TEXT\n.*Example: \/msgto bob/s);
  await assert.rejects(typed(peer, '/help msgot'), /no such command/);
});

test('every command says in the imperative what it does, has an example for each of its forms, and a name of its own', () => {
  for (const command of commands) {
    if (command.slash !== undefined) assert.notEqual(command.examples.slash, undefined, command.name);
    if (command.shell) assert.notEqual(command.examples.shell, undefined, command.name);
    assert.ok(details(command, command.shell ? 'shell' : 'slash').length >= 2);
    assert.match(command.about, /^(?!\w+[^s]s )[A-Z].*[.)]$/, `${command.name}: an imperative sentence`);
  }
  assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length);
  assert.equal(
    new Set(commands.flatMap(({ slash }) => slash ?? [])).size,
    commands.filter(({ slash }) => slash).length,
  );
});

test('X1 secrets stand in no usage and are taken from no line', () => {
  for (const command of commands)
    assert.doesNotMatch(usage(command, 'shell') + usage(command, 'slash'), /password|CURRENT/);
  assert.throws(() => parseSlash(commands, '/passwd old new'), /Usage: \/passwd$/);
  assert.throws(() => bindNamed(commands.find(({ name }) => name === 'passwd')!, { current: 'x' }), /Usage/);
});

test('a command above one’s role is refused before it is asked', () => {
  const command = { ...commands[0]!, least: 'admin' as const };
  assert.throws(
    () => permit(command, 'beginner'),
    (error) => error instanceof Failure && error.exit === 8,
  );
  permit(command, 'super-admin');
  permit(command, undefined);
});
