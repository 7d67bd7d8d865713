import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Stage } from '../support/stage.js';

const stage = new Stage();
after(() => stage.close());

/** Puts the directory's data away, and an earlier state of it in its place. */
interface Way {
  keep(): Promise<void>;
  putBack(): Promise<void>;
}

const copy = join(stage.workshop.folder, 'copy');

async function command(...words: string[]): Promise<void> {
  const all = ['directory', ...words, copy, '--data', stage.data, '--json'];
  const { status, stdout } = await stage.workshop.run(all, { home: stage.workshop.folder });
  assert.equal(status, 0, stdout);
}

const byHand: Way = {
  async keep() {
    await stage.directory.kill();
    await cp(stage.data, copy, { recursive: true });
    await stage.open();
  },
  async putBack() {
    await cp(copy, stage.data, { recursive: true });
    await stage.open('--restored');
  },
};

/** While it runs; and no word is needed at the start. */
const byCommand: Way = {
  keep: () => command('backup'),
  async putBack() {
    await command('restore');
    await stage.open();
  },
};

for (const [how, way] of [
  ['by hand', byHand],
  ['by command', byCommand],
] as const) {
  test(`N18 a directory restored ${how} as its operator is told to gets back what was said since the copy`, async () => {
    const named = (person: string) => stage.registered(`${person}-${how.split(' ').at(-1)}`);
    await rm(copy, { recursive: true, force: true });
    if (stage.link === '') await stage.open();
    const [ann, bob, eve] = [await named('ann'), await named('bob'), await named('eve')];
    for (const one of [ann, bob]) assert.equal((await one.run(['group', 'join', 'lobby'])).status, 0);
    assert.equal((await ann.run(['send', '#lobby', 'before the copy'])).status, 0);
    await way.keep();

    // Bob is away: stored, and nowhere but in the mailbox.
    assert.equal((await ann.run(['send', bob.name, 'for bob'])).status, 0);
    assert.equal((await ann.run(['send', '#lobby', 'in the room'])).status, 0);
    assert.equal((await eve.run(['group', 'join', 'lobby'])).status, 0);
    assert.equal((await eve.run(['send', '#lobby', 'by eve'])).status, 0);
    const online = await ann.listen();
    await online.event(({ text }) => text === 'by eve');
    await online.kill();
    await stage.directory.kill();
    await rm(stage.data, { recursive: true });
    await way.putBack();

    const atAnn = await ann.listen();
    const atBob = await bob.listen();
    for (const text of ['for bob', 'in the room', 'by eve']) await atBob.event((said) => said.text === text);
    assert.equal((await eve.run(['send', '#lobby', 'and on'])).status, 0);
    for (const one of [atAnn, atBob]) await one.event(({ text }) => text === 'and on');
    for (const one of [atAnn, atBob]) await one.kill();
  });
}
