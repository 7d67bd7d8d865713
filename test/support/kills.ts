import type { TestContext } from 'node:test';
import { Network } from '../../bench/support/network.js';
import { randomBelow, systemRandom } from '../../src/base/random.js';
import { arrives, on, running, sides } from './sides.js';

const BYTES = 8_000_000;

/** Receiver and sender killed in turns, each in a transfer of its own, at random moments of it. */
export async function killInTurns(t: TestContext, kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
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
}
