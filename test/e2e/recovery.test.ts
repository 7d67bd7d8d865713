import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Said } from '../support/processes.js';
import { errorCode, type Person, Stage } from '../support/stage.js';

const NEXT = 'marble lantern orbit canyon';
const stage = await new Stage().open();
after(() => stage.close());

async function phraseOf(person: Person): Promise<string> {
  const { status, events } = await person.run(['recovery', 'show']);
  assert.equal(status, 0);
  return String(events.find(({ event }) => event === 'recovery')?.phrase);
}

const recover = (person: Person, phrase: string) => {
  const words = ['--directory', stage.link, '--recover', '--phrase-file', stage.workshop.file(`${phrase}\n`)];
  return person.run(['login', person.name, '--plain', ...words], '/history\n');
};

const deviceOf = (events: readonly Said[]) => String(events.find(({ event }) => event === 'ready')?.device);

test('on a new machine the phrase brings back the account with its identity and a new password; contacts notice nothing', async () => {
  const [ada, bob] = await Promise.all([stage.registered('ada'), stage.registered('bob')]);
  const phrase = await phraseOf(ada);
  assert.equal((await ada.run(['send', 'bob', 'before'])).status, 0);
  const fingerprint = async (of: Person) => (await of.run(['verify', 'ada'])).events[0]?.fingerprint;
  const before = await fingerprint(bob);
  assert.equal((await bob.run(['verify', 'ada', 'confirm'])).status, 0);

  const again = stage.newcomer('ada', NEXT);
  const { status, events } = await recover(again, phrase);
  assert.equal(status, 0);
  assert.deepEqual(
    events.slice(0, 2).map(({ event, user }) => [event, user]),
    [
      ['recovered', 'ada'],
      ['ready', 'ada'],
    ],
  );
  assert.equal((await again.run(['send', 'bob', 'I am back'])).status, 0);
  const heard = await bob.run(['listen', '--count', '2', '--timeout', '20']);
  assert.deepEqual(
    heard.events.filter(({ event }) => event === 'message').map(({ text }) => text),
    ['before', 'I am back'],
  );
  assert.ok(!heard.events.some(({ event, change }) => event === 'trust' && change === 'changed'));
  assert.equal(await fingerprint(bob), before);

  // The old password opens the account no more, and the lost device can be shut out.
  const old = stage.newcomer('ada');
  assert.equal((await old.run(['login', 'ada', '--plain', '--directory', stage.link])).status, 3);
  const listed = (await again.run(['device', 'list'])).events;
  assert.deepEqual(listed.map(({ here }) => here).sort(), [false, true]);
  const lost = String(listed.find(({ here }) => here === false)?.device);
  const here = await again.run(['device', 'revoke', deviceOf(events).slice(0, 8)]);
  assert.deepEqual([here.status, errorCode(here)], [2, 'device-here']);
  assert.equal((await again.run(['device', 'revoke', lost.slice(0, 8)])).status, 0);
  // A10
  const shutOut = await ada.run(['send', 'bob', 'from the lost device', '--wait', 'stored', '--timeout', '2']);
  assert.notEqual(shutOut.status, 0);
});

test('with a backup and the phrase the history opens again, though the password is forgotten', async () => {
  const [cora, dan] = await Promise.all([stage.registered('cora'), stage.registered('dan')]);
  const phrase = await phraseOf(cora);
  assert.equal((await cora.run(['send', 'dan', 'kept in the backup'])).status, 0);
  const restored = stage.newcomer('cora', NEXT);
  cpSync(cora.home, restored.home, { recursive: true });
  const { status } = await recover(restored, phrase);
  assert.equal(status, 0);
  const { events } = await restored.run(['history', 'dan']);
  assert.equal(events[0]?.text, 'kept in the backup');
  assert.equal((await restored.run(['send', 'dan', 'and on'])).status, 0);
  const other = stage.newcomer('dan', NEXT);
  cpSync(dan.home, other.home, { recursive: true });
  const refused = await recover(other, phrase);
  assert.deepEqual([refused.status, errorCode(refused)], [6, 'recovery-other']);
});

test('A1 A3 a wrong phrase and an unknown name are refused alike, and neither blocks the name nor a block the phrase', async () => {
  const eva = await stage.registered('eva');
  const [phrase, other] = [await phraseOf(eva), await phraseOf(await stage.registered('finn'))];
  for (const name of ['eva', 'nobody', 'eva', 'eva']) {
    const refused = await recover(stage.newcomer(name, NEXT), other);
    assert.deepEqual([refused.status, errorCode(refused)], [3, 'wrong-recovery']);
  }
  for (let round = 0; round < 3; round++) {
    const guess = stage.newcomer('eva', 'not the password');
    await guess.run(['login', 'eva', '--plain', '--directory', stage.link]);
  }
  const blocked = await stage.newcomer('eva').run(['login', 'eva', '--plain', '--directory', stage.link]);
  assert.deepEqual([blocked.status, errorCode(blocked)], [4, 'name-blocked']);
  assert.equal((await recover(stage.newcomer('eva', NEXT), phrase)).status, 0);
});

test('the phrase is shown for the password alone, checked word for word, and lies nowhere in clear', async () => {
  const gina = await stage.registered('gina');
  const phrase = await phraseOf(gina);
  assert.equal(phrase.split(' ').length, 24);
  const wrong = ['recovery', 'show', '--password-file', stage.workshop.file('not the password\n')];
  assert.equal((await stage.workshop.run(wrong, { home: gina.home })).status, 3);
  const check = (words: string) => gina.run(['recovery', 'check', '--phrase-file', stage.workshop.file(words)]);
  assert.equal((await check(`${phrase}\n`)).events[0]?.right, true);
  const mistyped = await check(phrase.replace(/\w+$/, 'abandn'));
  assert.deepEqual([mistyped.status, errorCode(mistyped)], [2, 'phrase-invalid']);
  const finns = await check(await phraseOf(await stage.registered('hugo')));
  assert.deepEqual([finns.status, errorCode(finns)], [6, 'recovery-other']);
  // X1
  assert.ok(!readFileSync(join(gina.home, 'profile.json'), 'utf8').includes(phrase.split(' ')[0]!));
});
