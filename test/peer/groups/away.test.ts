import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquainted, HOUR, PATIENCE_MS, say, texts, world } from '../../support/away.js';
import { watch } from '../../support/town.js';

for (const history of ['joined', 'shared'] as const) {
  test(`N26 posts to a group with ${history} history reach a member who was away for longer than a certificate lives`, async (t) => {
    const town = await world(t);
    await acquainted(town, 'cat');
    const [ada, bob, cat] = [await town.open('ada'), await town.open('bob'), await town.open('cat')];
    const [atBob, atCat] = [watch(bob), watch(cat)];
    await ada.groups.create('den', { kind: 'invite', history });
    for (const user of ['bob', 'cat']) await ada.groups.add('den', user);
    const { id } = await ada.send('#den', 'day 0');
    await ada.waitFor(id, 'stored', PATIENCE_MS);
    await Promise.all([atBob.message('day 0'), atCat.message('day 0')]);
    for (const peer of [ada, bob, cat]) await town.close(peer);
    for (const hours of [73, 27 * 24]) {
      await town.pass(hours * HOUR);
      const [here, there] = [await town.open('ada'), await town.open('cat')];
      const heard = watch(there);
      await say(here, '#den', `after ${hours} more hours`);
      await heard.message(`after ${hours} more hours`);
      await town.close(there);
      await town.close(here);
    }
    const back = await town.open('bob');
    const atBack = watch(back);
    await back.replayUnseen();
    await atBack.message('after 648 more hours');
    assert.deepEqual(await texts(back, '#den'), ['day 0', 'after 73 more hours', 'after 648 more hours']);
  });
}
