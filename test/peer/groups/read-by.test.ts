import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());

/** Says it and waits until `reader` has read it. */
async function readOf(peer: PeerApi, text: string, reader: PeerApi): Promise<void> {
  const [here, there] = [watch(peer), watch(reader)];
  const { id } = await peer.send('#lobby', text);
  await there.message(text);
  await reader.markRead('#lobby');
  await event(here, 'sent', (one) => one.id === id && one.state === 'read');
}

test('a line is read by those to whom it was said: not by who entered later, nor for the time between two stays', async () => {
  const owner = await town.owner();
  await owner.groups.join('lobby');
  const { id } = await owner.send('#lobby', 'before');
  await owner.waitFor(id, 'stored', 10_000);
  const lisa = await town.settle('lisa');
  await lisa.groups.join('lobby');
  await readOf(owner, 'first stay', lisa);
  await lisa.groups.leave('lobby');
  const gone = await owner.send('#lobby', 'between');
  await owner.waitFor(gone.id, 'stored', 10_000);
  await lisa.groups.join('lobby');
  await readOf(owner, 'second stay', lisa);
  const lines = await owner.history({ conversation: '#lobby' });
  assert.deepEqual(
    lines.map(({ text, state, readBy = [] }) => [text, state, ...readBy]),
    [
      ['before', 'stored'],
      ['first stay', 'read', 'lisa'],
      ['between', 'stored'],
      ['second stay', 'read', 'lisa'],
    ],
  );
  await Promise.all([owner.close(), lisa.close()]);
});
