import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Ended, Said } from '../support/processes.js';
import { errorCode, isMessage, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open('--registration', 'invite');
after(() => stage.close());
const at = (): string => /\/\/(.+)#/.exec(stage.link)![1]!;

const owner = stage.newcomer('owner');
assert.equal((await stage.register(owner, '--invite', stage.ownerInvite)).status, 0);

const isCode = ({ event }: Said): boolean => event === 'code';

const join = (person: Person, code: string): Promise<Ended> =>
  person.run(['join', '--name', person.name, '--code-file', stage.workshop.file(`${code}\n`), '--directory', at()]);

test('A10 somebody joins by a number and three words, and is asked into the group that the code was for', async () => {
  assert.equal((await owner.run(['group', 'create', 'homework'])).status, 0);
  const chat = await owner.chat();
  const made = owner.start(['invite', '--words', '--group', '#homework']);
  const { code } = await made.event(isCode);
  const pupil = stage.newcomer('pia');
  const joined = await join(pupil, String(code));
  assert.equal(joined.status, 0, joined.stdout);
  assert.equal(joined.events.at(-1)?.group, '#homework');
  const told = await made.ended;
  assert.deepEqual([told.status, told.events.at(-1)?.user, told.events.at(-1)?.group], [0, 'pia', '#homework']);
  const listening = await pupil.listen('--count', '1', '--timeout', '30');
  assert.equal((await owner.through(['send', '#homework', 'good morning'])).status, 0);
  await listening.event(isMessage('good morning'));
  const again = await join(stage.newcomer('paul'), String(code));
  assert.deepEqual([again.status, errorCode(again)], [8, 'pairing-used']);
  await chat.kill();
});

test('only who may make invitations makes codes, and a code for a device is none for joining', async () => {
  const chat = await owner.chat();
  const made = owner.start(['invite', '--words']);
  const { link } = await made.event(isCode);
  const pupil = stage.newcomer('bea');
  const lost = await stage.workshop.run(
    ['login', '--plain', '--json', '--code-file', stage.workshop.file(`${link}\n`)],
    { home: pupil.home },
  );
  assert.deepEqual([lost.status, errorCode(lost)], [5, 'pairing-unknown']);
  assert.equal((await join(pupil, String(link))).status, 0, 'the code was not tried yet');
  assert.equal((await made.ended).events.at(-1)?.user, 'bea');
  const refused = await pupil.run(['invite', '--words']);
  assert.deepEqual([refused.status, errorCode(refused)], [8, 'not-permitted']);
  await chat.kill();
});

test('N60 wrong words: nobody joins, and whoever made the code is told', async () => {
  const made = owner.start(['invite', '--words']);
  const { code } = await made.event(isCode);
  const wrong = String(code).endsWith(' zoo') ? 'zone' : 'zoo';
  const guess = await join(stage.newcomer('mallory'), String(code).replace(/[a-z]+$/, wrong));
  assert.deepEqual([guess.status, errorCode(guess)], [8, 'pairing-wrong']);
  const told = await made.ended;
  assert.deepEqual([told.status, errorCode(told)], [8, 'pairing-wrong']);
});
