import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ChangeEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());

const change = (watched: ReturnType<typeof watch>, wanted: ChangeEvent['change']): Promise<ChangeEvent> =>
  event(watched, 'change', (one) => one.change === wanted);

async function changes(ada: PeerApi, bob: PeerApi, to: string, at: string): Promise<void> {
  const seen = watch(bob);
  const { id } = await ada.send(to, 'se you at six');
  await seen.message('se you at six');
  await ada.waitFor(id, 'stored', 10_000);
  await ada.changes.edit(id, 'see you at six');
  assert.equal((await change(seen, 'edited')).text, 'see you at six');
  // Refused whole, never cut to what fits.
  const long = `${'x'.repeat(16_384)}\nend`;
  await assert.rejects(ada.send(to, long), { code: 'text-too-long' });
  await assert.rejects(ada.changes.edit(id, long), { code: 'text-too-long' });
  await assert.rejects(ada.changes.edit(id, 'ש'.repeat(9_000)), { code: 'text-too-long' });
  await assert.rejects(bob.changes.edit(id, 'never'), { code: 'message-of-others' });
  await assert.rejects(bob.changes.remove(id), { code: 'message-of-others' });
  const atAda = watch(ada);
  await bob.changes.react(id, '👍');
  assert.deepEqual((await change(atAda, 'reaction')).reactions, [{ user: bob.user, emoji: '👍' }]);
  for (const [peer, conversation] of [
    [ada, to],
    [bob, at],
  ] as const) {
    const line = (await peer.history({ conversation })).find((one) => one.id === id);
    assert.deepEqual([line?.text, line?.edited, line?.reactions?.length], ['see you at six', true, 1]);
  }
  await ada.changes.remove(id);
  await change(seen, 'deleted');
  const line = (await bob.history({ conversation: at })).find((one) => one.id === id);
  assert.deepEqual([line?.text, line?.deleted], ['', true]);
}

test('messages are edited, taken back and reacted to, between two and in a group', async () => {
  const [ada, bob] = [await town.settle('ada'), await town.settle('bob')];
  await changes(ada, bob, '@bob', '@ada');
  await ada.groups.join('lobby');
  await bob.groups.join('lobby');
  await changes(ada, bob, '#lobby', '#lobby');
  await Promise.all([ada.close(), bob.close()]);
});
