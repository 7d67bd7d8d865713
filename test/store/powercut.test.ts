import { it } from 'node:test';
import { cannotMount, cutPower } from './powercut.js';

it('S2 a power cut loses nothing acknowledged', async (t) => {
  const reason = cannotMount();
  if (reason !== undefined) return t.skip(reason);
  t.diagnostic(`${await cutPower(20, 300)} entries acknowledged`);
});
