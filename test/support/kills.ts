import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingTools, Network } from '../../bench/support/network.js';
import { hex } from '../../src/base/bytes.js';
import { randomBelow, systemRandom } from '../../src/base/random.js';
import { onHosts } from './hosts.js';
import type { Said } from './processes.js';
import { seededRandom } from './random.js';
import { sha256 } from './transfers.js';

/** Whole programs, one of which is killed at a random moment of each transfer, and started again. */

const missing = missingTools('ethtool');
export const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

const BYTES = 12_000_000;
const RATE = '12MB/s';
/** From before the offer is accepted to after the end. */
const WITHIN_MS = 1_300;
/** Headers of a packet of 1,500 bytes; and what else comes: handshakes, messages, the directory's answers. */
const OVERHEAD = 1_514 / 1_444;
const BESIDES = 250_000;
const MOST_AGAIN = 0.05;

type Side = 'receiver' | 'sender';

export interface Kills {
  /** Transfers, each with one kill, of these sides in turns. */
  readonly count: number;
  readonly sides: readonly Side[];
  readonly seed?: string;
}

export async function killAgainAndAgain(t: TestContext, kills: Kills): Promise<void> {
  const { count, sides, seed = hex(systemRandom.bytes(6)) } = kills;
  t.diagnostic(`seed '${seed}'`);
  const random = seededRandom(seed);
  const network = Network.wire();
  const came = (): number => Number(network.run(network.b, 'cat', '/sys/class/net/w/statistics/rx_bytes'));
  let most = 0;
  let before = 0;
  await onHosts(network, network.a, async ({ anna, bert, receiving: first, folder, file }) => {
    let [sending, receiving] = [await anna.listen(), first];
    for (let kill = 0; kill < count; kill++) {
      const side = sides[kill % sides.length]!;
      const path = file(`killed-${kill}.bin`, BYTES);
      const cameBefore = came();
      const offer = await anna.through(['file', 'bert', path, '--rate', RATE, '--wait', 'offered']);
      assert.equal(offer.status, 0, offer.stdout + offer.stderr);
      const id = offer.events[0]!.id;
      const at = randomBelow(random, WITHIN_MS);
      const is = (state: string) => (said: Said) => said.id === id && said.state === state;
      // No event to wait for: the moment is the point.
      await sleep(at);
      const killed = side === 'receiver' ? receiving : sending;
      const done = killed.events.some(is('done'));
      await killed.kill('SIGKILL');
      if (side === 'receiver') receiving = await bert.listen('--accept', 'all', '--to', folder);
      else sending = await anna.listen();
      if (done) before++;
      const what = `kill ${kill} after ${at} ms of seed '${seed}'`;
      const [person, again, other] = side === 'receiver' ? [bert, receiving, sending] : [anna, sending, receiving];
      await other.event(is('done'), what);
      // It may have been killed between keeping that it is done and saying it.
      const [shown] = (await person.through(['transfers', 'show', String(id)])).events;
      if (shown?.state !== 'done') await again.event(is('done'), what);
      const place = join(folder, `killed-${kill}.bin`);
      assert.equal(sha256(place), sha256(path), what);
      const share = (came() - cameBefore - BESIDES) / (BYTES * OVERHEAD) - 1;
      most = Math.max(most, share);
      assert.ok(share <= MOST_AGAIN, `${what}: ${share * 100} % again`);
      for (const one of [path, place]) rmSync(one);
    }
  });
  t.diagnostic(
    `${count} kills of ${sides.join(' and ')}, ${before} of them after its end; at most ${(most * 100).toFixed(1)} % again`,
  );
}
