import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { after, test } from 'node:test';
import type { Running, Said } from '../support/processes.js';
import { Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

const idOf = async (person: Person): Promise<string> =>
  String((await person.run(['whoami'])).events.find(({ device }) => device !== undefined)?.device);
const isLine =
  (wanted: string) =>
  ({ event, text }: Said): boolean =>
    event === 'message' && text === wanted;
const isCopied = ({ event, code }: Said): boolean => event === 'error' && code === 'profile-copied';
const linesOf = ({ events }: Running): unknown[] =>
  events.filter(({ event }) => event === 'message').map(({ text }) => text);

/** The folder as it is now, as another installation that says it is the same. */
async function copyOf(person: Person, name: string): Promise<Person> {
  const home = `${person.home}-${name}`;
  await cp(person.home, home, { recursive: true });
  return new Person(stage, person.name, home, person.passwordFile);
}

async function says(person: Person, to: string, text: string): Promise<void> {
  await person.does(['send', to, text]);
}

test('M9 of a profile that was copied to another machine the second to come is a device of its own before it says a word', async () => {
  const [ada, bob] = [await stage.registered('ada'), await stage.registered('bob')];
  const atBob = await bob.listen();
  await says(ada, 'bob', 'before the copy');
  const id = await idOf(ada);
  const copy = await copyOf(ada, 'copy');

  const atAda = await ada.listen();
  await says(ada, 'bob', 'by the first');
  const atCopy = await copy.listen();
  const told = await atCopy.event(isCopied);
  const other = await idOf(copy);
  assert.notEqual(other, id);
  assert.equal(await idOf(ada), id);
  for (const part of [id, other, 'p2pchat device allow', 'p2pchat device revoke'])
    assert.ok(`${told.message} ${told.hint}`.includes(part), `${part} in ${told.message} ${told.hint}`);

  await says(copy, 'bob', 'by the copy');
  await says(ada, 'bob', 'by the first again');
  await says(bob, 'ada', 'to both');
  const texts = ['before the copy', 'by the first', 'by the copy', 'by the first again'];
  for (const text of texts) await atBob.event(isLine(text));
  for (const one of [atAda, atCopy]) await one.event(isLine('to both'));
  // A ratchet key that was used twice is refused, healed, and seen here.
  assert.deepEqual(linesOf(atBob), texts);
  for (const one of [atAda, atCopy, atBob]) {
    await one.kill();
    assert.deepEqual(
      one.events.filter((said) => said.event === 'error' && !isCopied(said)),
      [],
    );
  }
});

test('M9 an old copy of a profile that is put back becomes a new device, and gets what waits for the one before', async () => {
  const [cat, dan] = [await stage.registered('cat'), await stage.registered('dan')];
  for (const one of [cat, dan]) await one.does(['group', 'join', 'lobby']);
  await says(cat, 'dan', 'hello');
  const id = await idOf(cat);
  const copy = await copyOf(cat, 'copy');
  await says(cat, 'dan', 'after the copy');
  await says(cat, '#lobby', 'in the room');
  const atDan = await dan.listen();
  await atDan.event(isLine('after the copy'));
  await says(dan, 'cat', 'for the one before');
  await rm(cat.home, { recursive: true });
  await cp(copy.home, cat.home, { recursive: true });

  const atCat = await cat.listen();
  await atCat.event(isCopied);
  await says(cat, 'dan', 'from the new one');
  await atDan.event(isLine('from the new one'));
  // Of a room the log has what was said.
  await atCat.event(isLine('in the room'));
  await cat.does(['device', 'revoke', id]);
  await atCat.event(isLine('for the one before'));
  await Promise.all([atCat.kill(), atDan.kill()]);
});
