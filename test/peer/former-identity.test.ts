import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Town, watch } from '../support/town.js';
import { event, events } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());

test('C1 what waits or lies stored for an identity goes to no other one that is accepted later, and is told', async () => {
  let ina = await town.settle('ina');
  await town.backUpDirectory();
  const before = await town.settle('jon');
  const atJon = watch(before);
  await ina.send('jon', 'read by the first');
  await atJon.message('read by the first');
  await before.close();
  const stored = await ina.send('jon', 'stored for the first');
  await ina.waitFor(stored.id, 'stored', 20_000);
  const port = await town.stopDirectory();
  const queued = await ina.send('jon', 'queued for the first');
  await ina.close();
  await town.startDirectory(port);
  await town.restoreDirectory(false);

  // The name is somebody else's now.
  let other = await town.settle('jon', undefined, 'other-jon');
  ina = await town.open('ina');
  const atIna = watch(ina);
  await assert.rejects(ina.send('jon', 'refused'), { code: 'identity-changed' });
  await ina.verification('jon');
  await ina.acceptIdentity('jon');
  const told = await event(atIna, 'error', ({ code }) => code === 'identity-former');
  assert.match(told.message, /2 messages to jon/);
  for (const { id } of [stored, queued]) await event(atIna, 'sent', (one) => one.id === id && one.state === 'failed');
  const atOther = watch(other);
  await ina.send('jon', 'to the second');
  await atOther.message('to the second');
  // A device of theirs that is gone has nothing of before sealed anew for those there are.
  await other.close();
  other = await town.open('jon', 'other-laptop');
  const atLaptop = watch(other);
  await ina.send('jon', 'to their laptop');
  await atLaptop.message('to their laptop');
  await other.replayUnseen();
  for (const watched of [atOther, atLaptop])
    assert.deepEqual(
      watched.texts().filter((text) => text.includes('the first')),
      [],
    );
  // Accepting once more, with nothing changed, takes nothing back.
  await other.close();
  const waits = await ina.send('jon', 'waits for the laptop');
  await ina.acceptIdentity('jon');
  assert.equal(events(atIna, 'sent').filter(({ id, state }) => id === waits.id && state === 'failed').length, 0);
});
