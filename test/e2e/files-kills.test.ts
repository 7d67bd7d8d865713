import { test } from 'node:test';
import { killAgainAndAgain, skip } from '../support/kills.js';

test('U8 whichever side is killed whenever, the transfer goes on, and at most 5 % are sent again', { skip }, (t) =>
  killAgainAndAgain(t, { count: 2, sides: ['receiver', 'sender'] }),
);
