import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guestBrowser, noBrowser, pageIs } from '../support/browser.js';
import { errorCode, type Person, Stage } from '../support/stage.js';

/** A class, from the roster to what it hands in: each program as a person would start it. */

const PUPILS = 25;
const names = Array.from({ length: PUPILS }, (_, index) => `pupil${String(index + 1).padStart(2, '0')}`);
const stage = await new Stage().open('--registration', 'invite', '--guests', '127.0.0.1:0');
after(() => stage.close());
const at = /\/\/(.+)#/.exec(stage.link)![1]!;

/** Two at a time, as the machine has it. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const one = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([one(), one()]);
}

test('A10 a class of 25 joins by cards, talks, takes a folder, hands in by a link, and loses one who misbehaves', {
  skip: noBrowser,
}, async (t) => {
  const began = performance.now();
  const tell = (what: string): void => t.diagnostic(`${what}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  const teacher = stage.newcomer('teacher');
  assert.equal((await stage.register(teacher, '--invite', stage.ownerInvite)).status, 0);
  const desk = await teacher.listen();
  const does = async (...words: string[]) => {
    const { status, events, stdout, stderr } = await teacher.through(words);
    assert.equal(status, 0, `${words.join(' ')}\n${stdout}${stderr}`);
    return events;
  };

  await does('group', 'join', 'lobby');
  const csv = stage.workshop.file(`name;group\n${names.map((name) => `${name};lobby`).join('\n')}\n`);
  const cards = await stage.workshop.run(['directory', 'roster', csv, '--json', '--data', stage.data], {
    home: stage.workshop.folder,
  });
  assert.equal(cards.status, 0, cards.stderr);
  const codes = new Map(cards.events.map(({ name, code }) => [String(name), String(code)]));
  const pupils = names.map((name): Person => stage.newcomer(name));
  await each(pupils, async (pupil) => {
    const card = stage.workshop.file(`${codes.get(pupil.name)}\n`);
    await pupil.does(['join', '--code-file', card, '--directory', at]);
    await pupil.does(['send', '#lobby', `good morning from ${pupil.name}`]);
  });
  const said = await does('history', '#lobby', '100');
  for (const name of names)
    assert.ok(
      said.some(({ text }) => text === `good morning from ${name}`),
      name,
    );
  tell('joined, and said good morning');

  const folder = join(stage.workshop.folder, 'homework');
  mkdirSync(folder);
  for (const name of ['one.txt', 'two.txt']) writeFileSync(join(folder, name), `exercise ${name}\n`);
  await does('file', '#lobby', folder, '--leave');
  await each(pupils, async (pupil) => {
    const into = join(pupil.home, 'got');
    const listening = await pupil.listen('--accept', 'all', '--to', into);
    await listening.event(({ event, state }) => event === 'transfer' && state === 'done');
    await listening.kill();
    assert.equal(readFileSync(join(into, 'homework', 'two.txt'), 'utf8'), 'exercise two.txt\n');
  });
  tell('have the folder');

  const { link, id } = (await does('collect', 'homework', '--count', String(PUPILS))).at(-1)!;
  const browser = await guestBrowser(join(stage.workshop.folder, 'browser'));
  after(() => browser.close());
  for (const name of names) {
    const file = join(stage.workshop.folder, `${name}.txt`);
    writeFileSync(file, `what ${name} has done\n`);
    const page = await browser.newPage();
    await page.goto(String(link));
    await pageIs(page, 'ready');
    await page.getByLabel('files to hand in').setInputFiles(file);
    await page.getByRole('button', { name: 'Hand in', exact: true }).click();
    await pageIs(page, 'done', 'taken');
    await page.close();
  }
  const received = await desk.several(
    PUPILS,
    ({ event, state, id: of }) => event === 'guest' && state === 'received' && of === id,
  );
  const handedIn = new Map(received.map(({ name, path }) => [String(name), String(path)]));
  for (const name of names) assert.equal(readFileSync(handedIn.get(`${name}.txt`)!, 'utf8'), `what ${name} has done\n`);
  const one = (await does('share', 'list')).find((link) => link.id === id);
  assert.deepEqual([one?.used, one?.done], [PUPILS, PUPILS]);
  tell('handed in');

  const [bad, good] = pupils;
  await does('ban', bad!.name, 'threw paper', '--everywhere');
  const shut = await bad!.run(['send', '#lobby', 'I am still here']);
  assert.notEqual(shut.status, 0, shut.stdout);
  assert.equal(errorCode(shut), 'account-banned');
  await good!.does(['send', '#lobby', 'so am I']);
  tell('one is gone');
});
