import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedRateController } from '../../src/transfer/protocol/congestion/fixed-rate.js';
import { Pair, type PairSettings } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** Who shares a narrow hop with whom, in simulated time: 16 Mbit/s and 40 ms. */

const LINE = { latency: 20, rate: 2_000, queue: 160_000 };
const STEP_MS = 1;

/** Both for so long, side by side. @returns content that arrived, bytes per millisecond each */
function together(pairs: readonly Pair[], ms: number): number[] {
  const before = pairs.map(({ have }) => have.size);
  for (let i = 0; i < ms / STEP_MS; i++) for (const pair of pairs) pair.run(STEP_MS);
  return pairs.map(({ have, manifest }, i) => ((have.size - before[i]!) * manifest.block) / ms);
}

const jain = (rates: readonly number[]): number =>
  rates.reduce((sum, rate) => sum + rate, 0) ** 2 / (rates.length * rates.reduce((sum, rate) => sum + rate * rate, 0));

function pair(seed: string, settings: Partial<PairSettings> & Pick<PairSettings, 'network'>): Pair {
  return new Pair({ bytes: 64 << 20, ...settings }, seededRandom(seed));
}

test('two transfers that begin one after the other share a line fairly', (t) => {
  t.diagnostic("seeds 'early', 'late'");
  const network = { ...LINE, hop: { a: 0, b: 0 } };
  const early = pair('early', { network });
  together([early], 2_000);
  const late = pair('late', { network });
  late.now = early.now;
  together([early, late], 6_000);
  const rates = together([early, late], 8_000);
  t.diagnostic(`${rates.map(Math.round)} bytes/ms`);
  assert.ok(jain(rates) > 0.8, `Jain's index ${jain(rates)} of ${rates}`);
  assert.ok(rates[0]! + rates[1]! > 0.8 * LINE.rate, `${rates} of ${LINE.rate}`);
});

test('a rate given that is four times what the line carries backs off to what is delivered', (t) => {
  t.diagnostic("seed 'above'");
  const controller = (init: ConstructorParameters<typeof FixedRateController>[0]) =>
    new FixedRateController(init, 8_000);
  const above = pair('above', { network: LINE, controller });
  together([above], 2_000);
  const [sent, came] = [above.sent.bytesA, above.have.size];
  together([above], 4_000);
  const wasted = 1 - ((above.have.size - came) * above.manifest.block) / (above.sent.bytesA - sent);
  assert.ok(wasted < 0.25, `${wasted} of what was sent was for nothing`);
});

test('one round in which next to nothing was delivered halves a rate given, and no more', () => {
  const controller = new FixedRateController({ datagram: 1_472, buffer: 1 << 20, rtt: 50 }, 119_000);
  const path = { minRtt: 50, smoothedRtt: 50, rtt: 50, inFlight: 0, limited: false };
  controller.onAck({
    ...path,
    now: 100,
    acked: 16_000,
    lost: 400_000,
    rate: 320,
    sentAt: 50,
    delivered: 1,
    priorDelivered: 0,
  });
  assert.equal(controller.pacingRate, 59_500);
});

test('the queue of a bufferbloated line stays short once the rate is found', (t) => {
  t.diagnostic("seed 'bloat'");
  const bloated = pair('bloat', { network: { ...LINE, queue: 4 << 20 } });
  together([bloated], 4_000);
  let most = 0;
  for (let i = 0; i < 40; i++) {
    together([bloated], 100);
    most = Math.max(most, bloated.sender!.stats.rtt);
  }
  // Of two seconds that would fit.
  assert.ok(most < 140, `${most} ms`);
});
