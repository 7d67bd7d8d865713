import { test } from 'node:test';
import { Network } from '../../bench/support/network.js';
import { randomBelow, systemRandom } from '../../src/base/random.js';
import { arrives, on, running, sides, skip } from '../support/sides.js';

/** Either side killed at random moments, again and again. */

const KILLS = 200;
const BYTES = 8_000_000;

test('U8 whichever side is killed when, the transfer goes on and the content is whole', { skip }, async (t) => {
  for (let kill = 0; kill < KILLS; kill++) {
    const network = Network.wire();
    await on(network, async () => {
      const both = await sides(network, 'killed', BYTES, 10e6);
      const at = randomBelow(systemRandom, BYTES);
      t.diagnostic(`kill ${kill} after ${at} bytes`);
      await both.receiver.until('progress', running(at));
      const end = kill % 2 === 0 ? both.receiver : both.sender;
      if (end.find('done') === undefined) {
        end.kill('SIGKILL');
        await end.exited;
        if (kill % 2 === 0) await both.startReceiver();
        else both.startSender();
      }
      await arrives(both);
    });
  }
});
