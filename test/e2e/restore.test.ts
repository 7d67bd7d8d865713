import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Stage } from '../support/stage.js';

const stage = new Stage();
after(() => stage.close());

test('N18 a directory restored as its operator is told to gets back what was said since the copy', async () => {
  await stage.open();
  const ann = stage.newcomer('ann');
  assert.equal((await stage.register(ann, '--invite', stage.ownerInvite)).status, 0);
  const [bob, eve] = [await stage.registered('bob'), await stage.registered('eve')];
  for (const one of [ann, bob]) assert.equal((await one.run(['group', 'join', 'lobby'])).status, 0);
  assert.equal((await ann.run(['send', '#lobby', 'before the copy'])).status, 0);
  await stage.directory.kill();
  const copy = join(stage.workshop.folder, 'copy');
  await cp(stage.data, copy, { recursive: true });
  await stage.open();

  // Bob is away: stored, and nowhere but in the mailbox.
  assert.equal((await ann.run(['send', 'bob', 'for bob'])).status, 0);
  assert.equal((await ann.run(['send', '#lobby', 'in the room'])).status, 0);
  assert.equal((await eve.run(['group', 'join', 'lobby'])).status, 0);
  assert.equal((await eve.run(['send', '#lobby', 'by eve'])).status, 0);
  const online = await ann.listen();
  await online.event(({ text }) => text === 'by eve');
  await online.kill();
  await stage.directory.kill();
  await rm(stage.data, { recursive: true });
  await cp(copy, stage.data, { recursive: true });
  await stage.open('--restored');

  const atAnn = await ann.listen();
  const atBob = await bob.listen();
  for (const text of ['for bob', 'in the room', 'by eve']) await atBob.event((said) => said.text === text);
  assert.equal((await eve.run(['send', '#lobby', 'and on'])).status, 0);
  for (const one of [atAnn, atBob]) await one.event(({ text }) => text === 'and on');
  for (const one of [atAnn, atBob]) await one.kill();
});
