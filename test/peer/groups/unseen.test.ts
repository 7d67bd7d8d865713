import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Town } from '../../support/town.js';

const town = await Town.build();
after(() => town.close());

test('a message that the directory has taken is stored for its author, though the news of it is lost', async () => {
  const { sessions } = town.directory.site.core;
  const add = sessions.add.bind(sessions);
  let isLost = false;
  sessions.add = (session) => {
    const push = session.pushEncoded.bind(session);
    session.pushEncoded = (group, frame) => void (isLost || push(group, frame));
    return add(session);
  };
  const ann = await town.owner('ann');
  await ann.groups.join('lobby');
  isLost = true;
  const { id } = await ann.send('#lobby', 'lost on its way back');
  assert.equal((await ann.waitFor(id, 'stored', 60_000)).state, 'stored');
});
