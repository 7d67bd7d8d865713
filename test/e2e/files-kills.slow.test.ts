import { test } from 'node:test';
import { killAgainAndAgain, skip } from '../support/kills.js';

for (const side of ['receiver', 'sender'] as const) {
  for (let part = 1; part <= 4; part++) {
    test(`U8 the ${side} is killed whenever, part ${part} of 4: the transfer goes on`, { skip }, (t) =>
      killAgainAndAgain(t, { count: 50, sides: [side] }),
    );
  }
}
