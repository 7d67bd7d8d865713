import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeText } from '../../src/base/size.js';
import { fitted } from '../../src/cli/output.js';
import type { Context } from '../../src/commands/command.js';
import { time } from '../../src/commands/format-size.js';
import { detailLines, transferNotice } from '../../src/commands/transfer-lines.js';
import { progressOf } from '../../src/commands/transfer-progress.js';
import type { TransferEvent } from '../../src/peer/api/events.js';

const RUNNING: TransferEvent = {
  ...{ event: 'transfer', id: '1d12567300000000', direction: 'out', peer: 'bert', conversation: '@bert' },
  ...{ files: [{ name: 'film.mp4', size: 30_000_000 }], state: 'running', bytes: 8_100_000, size: 30_000_000 },
  ...{ rate: 5_880_000, path: 'direct', timeLeft: 4, rtt: 1.7, loss: 0.004, datagram: 1_472, reason: 'loss' },
  endpoint: 'batch (koffi)',
};

const at = (columns: number, events: readonly TransferEvent[] = [RUNNING]): string => {
  const context = {} as Context;
  const lines = events.map((event) => fitted(progressOf(event, context)!, columns));
  return lines.at(-1)!;
};

test('the line of what runs says all of it where there is room, and what matters most where there is not', () => {
  assert.equal(
    at(120),
    '1d125673  to bert   27 % of 30.0 MB  5.88 MB/s         █  4 s left  RTT 1.7 ms  loss 0.4 %  direct',
  );
  assert.equal(at(79), 'to bert   27 %  5.88 MB/s         █  4 s left  RTT 1.7 ms  loss 0.4 %  direct');
  assert.equal(at(39), ' 27 %  5.88 MB/s  4 s left  direct');
  assert.equal(at(8), ' 27 %');
  for (let columns = 1; columns < 120; columns++) assert.ok(at(columns).length <= columns);
});

test('its numbers keep their places, and several at once are one line', () => {
  const slow = { ...RUNNING, bytes: 30_000_000, rate: 412, timeLeft: 4 };
  assert.equal(at(79, [RUNNING, slow]).indexOf('left'), at(79).indexOf('left'));
  const other = { ...RUNNING, id: '2f' };
  assert.equal(at(79, [RUNNING, other]), '2 at once  27 % of 60.0 MB  11.8 MB/s        ▅█  4 s left');
});

test('what is over says how much, how long, how fast and by which path', () => {
  const { timeLeft, rtt, loss, datagram, reason, endpoint, ...rest } = RUNNING;
  const done: TransferEvent = { ...rest, state: 'done', bytes: 30_000_000, seconds: 5.13 };
  assert.deepEqual(transferNotice(done, 'shell'), ['-- bert has film.mp4 (30.0 MB) in 5.1 s at 5.88 MB/s (direct)']);
  const { seconds, ...resumed } = done;
  assert.deepEqual(transferNotice({ ...resumed, direction: 'in', path: 'tcp' }, 'shell'), [
    '-- received from bert: film.mp4 (30.0 MB) at 5.88 MB/s (TCP, because UDP does not get through)',
  ]);
});

test('show says why the rate is what it is, and by which endpoint datagrams go', () => {
  const lines = detailLines(RUNNING);
  assert.ok(lines.includes('limit: packets are lost'), lines.join('\n'));
  assert.ok(lines.includes('endpoint: batch (koffi): datagrams many at once, by koffi'), lines.join('\n'));
});

test('sizes and times are short and never in powers of ten', () => {
  assert.deepEqual([0, 999, 999.6, 1_000, 999_950, 1.42e9].map(sizeText), [
    '0 B',
    '999 B',
    '1.00 kB',
    '1.00 kB',
    '1.00 MB',
    '1.42 GB',
  ]);
  assert.deepEqual([0.02, 5.13, 9.97, 59.6, 200, 7_500].map(time), [
    '0.1 s',
    '5.1 s',
    '10 s',
    '1 min 0 s',
    '3 min 20 s',
    '2 h 5 min',
  ]);
});
