import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join as path } from 'node:path';
import { after, test } from 'node:test';
import type { Ended } from '../support/processes.js';
import { errorCode, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open('--registration', 'invite');
after(() => stage.close());
const at = (): string => /\/\/(.+)#/.exec(stage.link)![1]!;

const roster = (content: string, ...words: string[]): Promise<Ended> =>
  stage.workshop.run(['directory', 'roster', stage.workshop.file(content), '--json', '--data', stage.data, ...words], {
    home: stage.workshop.folder,
  });

const join = (person: Person, code: unknown, directory = at()): Promise<Ended> =>
  person.run(['join', '--code-file', stage.workshop.file(`${code}\n`), '--directory', directory]);

test('A10 a class joins by cards: each pupil once, by the name on the card; a mistyped word costs one of five tries', async () => {
  const page = path(stage.workshop.folder, 'cards.html');
  const made = await roster('name;label;group\npia;Pia P.;lobby\npaul;Paul;\n', '--html', page);
  assert.equal(made.status, 0, made.stderr);
  const [pia, paul] = made.events;
  assert.match(String(pia?.code), /^\d{6} [a-z]+ [a-z]+ [a-z]+$/);
  const html = readFileSync(page, 'utf8');
  for (const part of ['Pia P.', String(pia?.code), String(paul?.code)]) assert.ok(html.includes(part), part);
  assert.equal(statSync(page).mode & 0o777, 0o600);

  const pupil = stage.newcomer('pia');
  const wrong = String(pia?.code).replace(/[a-z]+$/, (word) => (word === 'zoo' ? 'zone' : 'zoo'));
  const guess = await join(pupil, wrong);
  assert.deepEqual([guess.status, errorCode(guess)], [8, 'pairing-wrong']);
  const joined = await join(pupil, pia?.code);
  assert.equal(joined.status, 0, joined.stdout);
  assert.deepEqual([joined.events.at(-1)?.user, joined.events.at(-1)?.group], ['pia', '#lobby']);
  const again = await join(stage.newcomer('thief'), pia?.code);
  assert.equal(again.status, 5, again.stdout);

  // Five wrong ones, and the right one is worth nothing.
  const other = String(paul?.code).replace(/[a-z]+$/, (word) => (word === 'zoo' ? 'zone' : 'zoo'));
  for (let tries = 0; tries < 5; tries++) {
    assert.equal(errorCode(await join(stage.newcomer('thief'), other)), 'pairing-wrong');
  }
  const late = await join(stage.newcomer('paul'), paul?.code);
  assert.deepEqual([late.status, errorCode(late)], [8, 'pairing-used']);
});

test('a roster with something wrong in it makes nothing, and says which line', async () => {
  const page = path(stage.workshop.folder, 'none.html');
  const taken = await roster('quinn\npia\nrob,,nowhere\n', '--html', page);
  assert.deepEqual([taken.status, errorCode(taken)], [2, 'roster-refused']);
  const said = JSON.stringify(taken.events);
  assert.match(said, /Line 2: pia/);
  assert.match(said, /Line 3: there is no open group #nowhere/);
  assert.ok(!existsSync(page) && !existsSync(`${page}.new`));
  const placeless = await roster('quinn\n', '--html', path(stage.workshop.folder, 'no', 'folder.html'));
  assert.deepEqual([placeless.status, errorCode(placeless)], [2, 'roster-file']);
  const doubled = await roster('quinn\nrob\nQuinn\n');
  assert.deepEqual([doubled.status, errorCode(doubled)], [2, 'roster-line']);
});
