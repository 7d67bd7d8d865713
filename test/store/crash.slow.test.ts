import { it } from 'node:test';
import { flipBits } from './flips.js';
import { killWhileAppending } from './kill.js';
import { cannotMount, cutPower } from './powercut.js';

it('S1 kill -9 while appending, 500 times, loses nothing acknowledged', async (t) => {
  let entries = 0;
  let slowest = 0;
  for (let seed = 100; seed < 110; seed++) {
    const result = await killWhileAppending(50, seed);
    entries += result.entries;
    slowest = Math.max(slowest, result.slowestOpen);
  }
  t.diagnostic(`${entries} entries acknowledged, slowest opening ${slowest.toFixed(0)} ms`);
});

it('S2 a power cut loses nothing acknowledged, 20 times', async (t) => {
  const reason = cannotMount();
  if (reason !== undefined) return t.skip(reason);
  let entries = 0;
  for (let seed = 200; seed < 220; seed++) entries += await cutPower(seed, 3000);
  t.diagnostic(`${entries} entries acknowledged`);
});

it('S5 no flipped bit goes unnoticed, 1,000 flips', async (t) => {
  const { found, harmless } = await flipBits(1000, 50);
  t.diagnostic(`${found} found, ${harmless} in bytes that mean nothing`);
});
