import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seen } from '../support/seen.js';
import { type Person, Stage } from '../support/stage.js';

const stage = new Stage();
let ann: Person;
let bob: Person;
let phrase: string;
const kept = (name: string): string => join(stage.workshop.folder, `${name}.backup`);

before(async () => {
  await stage.open();
  ann = stage.newcomer('ann');
  assert.equal((await stage.register(ann, '--invite', stage.ownerInvite)).status, 0);
  bob = await stage.registered('bob');
  phrase = String((await ann.does(['recovery', 'show'])).find(({ event }) => event === 'recovery')?.phrase);
});
after(() => stage.close());

const words = (of = phrase): string[] => ['--phrase-file', stage.workshop.file(`${of}\n`)];
const restored = (person: Person, file: string, of = phrase) => person.run(['restore', file, ...words(of)]);

test('a backup made while the chat runs becomes a new device with the whole history, and both devices go on', async () => {
  await ann.does(['group', 'create', 'crew', 'bob', '--shared']);
  await bob.does(['group', 'join', 'crew']);
  const [a, b] = await Promise.all([ann.listen(), bob.listen()]);
  const say = async (who: Person, to: string, text: string): Promise<string> => {
    const { status, events, stdout } = await who.through(['send', to, text, '--wait', 'stored']);
    assert.equal(status, 0, stdout);
    return String(events[0]?.id);
  };
  const first = await say(ann, 'bob', 'first words');
  await b.event(({ text }) => text === 'first words');
  const second = await say(bob, 'ann', 'an answer');
  await a.event(({ text }) => text === 'an answer');
  const third = await say(ann, 'bob', 'taken back later');
  await say(ann, '#crew', 'in the room');
  await a.event(({ event, state, conversation }) => event === 'sent' && state !== 'queued' && conversation === '#crew');
  await say(bob, '#crew', 'by bob in the room');
  await a.event(({ text }) => text === 'by bob in the room');
  for (const line of [
    ['edit', 'first words, better', '--id', first],
    ['react', '👍', '--id', second],
    ['delete', third],
  ]) {
    const { status, stdout } = await ann.through(line);
    assert.equal(status, 0, stdout);
  }
  assert.equal((await ann.through(['verify', 'bob', 'confirm'])).status, 0);
  assert.equal((await ann.through(['mute', '#crew'])).status, 0);
  assert.equal((await ann.through(['expire', '1d', '--in', '@bob'])).status, 0);
  await say(ann, 'bob', 'this disappears');
  assert.equal((await ann.through(['expire', 'off', '--in', '@bob'])).status, 0);

  const file = kept('running');
  const made = await ann.through(['backup', file]);
  assert.equal(made.status, 0, made.stdout);
  assert.equal(made.events[0]?.mode, 'new');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(stage.workshop.folder).filter((name) => name.includes('.part-')),
    [],
  );
  await say(ann, 'bob', 'behind the backup');
  await say(bob, '#crew', 'in the room, behind the backup');
  await a.event(({ text }) => text === 'in the room, behind the backup');
  await a.kill();

  const again = stage.newcomer('ann');
  const { status, events, stdout } = await restored(again, file);
  assert.equal(status, 0, stdout);
  assert.equal(events[0]?.event, 'restored');
  // What was said meanwhile in a room with shared history comes from its log, by the keys that a member hands on.
  const back = await again.listen();
  await back.event(({ text }) => text === 'in the room, behind the backup');
  await Promise.all([back.kill(), b.kill()]);
  const direct = await seen(again, 'bob');
  const expected = (await seen(ann, 'bob')).filter(
    ({ text }) => text !== 'this disappears' && text !== 'behind the backup',
  );
  assert.deepEqual(direct, expected);
  assert.deepEqual(await seen(again, '#crew'), await seen(ann, '#crew'));
  assert.equal((await again.does(['verify', 'bob']))[0]?.change, 'verified');
  assert.match(JSON.stringify(await again.does(['preferences'])), /#crew/);
  const devices = await again.does(['device', 'list']);
  assert.equal(devices.length, 2);

  // Both are devices of the account, with keys of their own.
  await again.does(['send', 'bob', 'from the new device']);
  await ann.does(['send', 'bob', 'from the old device']);
  await again.does(['send', '#crew', 'the new one in the room']);
  const heard = await bob.run(['listen', '--count', '3', '--timeout', '30']);
  const texts = heard.events.filter(({ event }) => event === 'message').map(({ text }) => text);
  assert.deepEqual(texts.sort(), ['from the new device', 'from the old device', 'the new one in the room']);
  assert.ok(!heard.events.some(({ event, change }) => event === 'trust' && change === 'changed'));
});
