import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPeer } from '../../src/peer/session/open.js';
import { PASSWORD, Town } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

test('the address at which the directory of the profile was found is remembered, and one that was mistyped is not', async () => {
  await (await town.settle('ann')).close();
  await town.stopDirectory();
  await town.startDirectory();
  const opened = async (directory?: string): Promise<string> => {
    const given = directory === undefined ? {} : { directory };
    const peer = await openPeer({ home: town.home('ann'), password: PASSWORD, listen: '127.0.0.1:0', ...given });
    const { directoryState } = peer;
    await peer.close();
    return directoryState;
  };
  assert.equal(await opened(), 'offline', 'it has moved');
  assert.equal(await opened(town.link.replace(/:\d+#/, ':1#')), 'offline');
  assert.equal(await opened(town.link), 'online');
  assert.equal(await opened(), 'online');
});
