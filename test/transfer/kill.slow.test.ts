import { test } from 'node:test';
import { killInTurns } from '../support/kills.js';
import { skip } from '../support/sides.js';

test('U8 whichever side is killed when, the transfer goes on and the content is whole', { skip }, (t) =>
  killInTurns(t, 200),
);
