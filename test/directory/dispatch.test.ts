import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { Failure } from '../../src/base/errors.js';
import type { LogFields } from '../../src/base/log.js';
import { silentLogger } from '../../src/base/log.js';
import { RefusalLog } from '../../src/directory/guard/refusal-log.js';
import { dispatch } from '../../src/directory/requests/dispatch.js';
import { method, nothing } from '../../src/wire/rpc.js';
import { list, text } from '../../src/wire/schema.js';
import { ManualClock } from '../support/clock.js';

const table = { 'a.b': method(nothing, nothing) };

async function run(error: Error, admit: () => void = () => {}) {
  const lines: [level: string, fields: LogFields][] = [];
  const note =
    (level: string) =>
    (_message: string, fields: LogFields = {}) =>
      lines.push([level, fields]);
  const broken: string[] = [];
  const clock = new ManualClock();
  const log = { ...silentLogger, info: note('info'), error: note('error') };
  const init = {
    log,
    clock,
    refusals: new RefusalLog(log, clock),
    onBroken: ({ code }: Failure) => broken.push(code),
  };
  const handlers = { 'a.b': () => Promise.reject(error) };
  const caller = () => ({ user: 'alice', device: 'd', address: '192.0.2.1' });
  const request = { context: undefined, method: 'a.b' as const, params: {}, caller, admit, spend: () => undefined };
  const thrown = await dispatch<typeof table, undefined, 'a.b'>(init, table, handlers, request).then(
    () => assert.fail(),
    (reason: Failure) => reason,
  );
  return { thrown, broken, line: lines[0]! };
}

test('S4 a store that failed ends the directory, and whoever asked learns nothing of its inside', async () => {
  const { thrown, broken, line } = await run(new Failure('store-failed', 'EIO on /var/lib/secret'));
  assert.deepEqual(broken, ['store-failed']);
  assert.deepEqual([thrown.code, thrown.reason], ['directory-storage', 'unreachable']);
  assert.ok(!thrown.message.includes('/var'));
  assert.deepEqual([line[0], line[1].outcome], ['error', 'store-failed']);
});

test('S3 a full disk does not end the directory', async () => {
  const { thrown, broken } = await run(new Failure('disk-full', 'full'));
  assert.deepEqual(broken, []);
  assert.equal(thrown.code, 'directory-full');
});

test('what is refused is logged with who asked and the code, and nothing is done', async () => {
  const { thrown, line } = await run(new Error('not reached'), () => {
    throw new Failure('not-permitted', 'no');
  });
  assert.equal(thrown.code, 'not-permitted');
  assert.deepEqual(line, [
    'info',
    { user: 'alice', device: 'd', address: '192.0.2.1', command: 'a.b', outcome: 'not-permitted', ms: 0 },
  ]);
});

test('P8 what a flooder is refused fills no log: some lines, then how many more there were', () => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = {
    info: (message: string, { address, command, outcome, times }: LogFields = {}) =>
      lines.push([message, address, command, outcome, times].filter((part) => part !== undefined).join(' ')),
  };
  const refusals = new RefusalLog(log, clock);
  const refuse = (address: string, times = 1, command = 'groups.post') => {
    for (let time = 0; time < times; time++) refusals.note({ address, command, outcome: 'rate-limited' }, 0);
  };
  refuse('192.0.2.1', 1_000);
  refuse('192.0.2.2', 2);
  refuse('192.0.2.1', 4, 'mailbox.put');
  const alone = (address: string, command: string) => `command ${address} ${command} rate-limited`;
  assert.deepEqual(lines.splice(0), [
    ...Array.from({ length: 3 }, () => alone('192.0.2.1', 'groups.post')),
    ...Array.from({ length: 2 }, () => alone('192.0.2.2', 'groups.post')),
    ...Array.from({ length: 3 }, () => alone('192.0.2.1', 'mailbox.put')),
  ]);
  clock.advance(10_000);
  const more = (address: string, command: string, times: number) =>
    `more refused ${address} ${command} rate-limited ${times}`;
  assert.deepEqual(lines.splice(0), [more('192.0.2.1', 'groups.post', 997), more('192.0.2.1', 'mailbox.put', 1)]);
  // It begins anew, and what is counted is told at the end.
  refuse('192.0.2.1', 5);
  refusals.close();
  assert.equal(lines.splice(0).at(-1), more('192.0.2.1', 'groups.post', 2));
  // From more addresses than are told apart.
  for (let at = 0; at < 5_000; at++) refuse(`2001:db8::${at}`);
  lines.splice(0);
  clock.advance(10_000);
  assert.deepEqual(lines, [`more refused various ${5_000 - 4_096 - 3}`]);
});

test('an answer that whoever asked would not take is a fault here, is logged, and does not leave', async () => {
  const lines: LogFields[] = [];
  const clock = new ManualClock();
  const log = { ...silentLogger, error: (_message: string, fields: LogFields = {}) => void lines.push(fields) };
  const few = { 'a.b': method(nothing, v.object({ names: list(text(8), 2) })) };
  const ask = (names: string[]) =>
    dispatch<typeof few, undefined, 'a.b'>(
      { log, clock, refusals: new RefusalLog(log, clock), onBroken: () => assert.fail() },
      few,
      { 'a.b': async () => ({ names }) },
      {
        context: undefined,
        method: 'a.b',
        params: {},
        caller: () => ({ address: '192.0.2.1' }),
        admit: () => {},
        spend: () => undefined,
      },
    );
  assert.deepEqual(await ask(['a', 'b']), { names: ['a', 'b'] });
  await assert.rejects(ask(['a', 'b', 'c']), (error: Failure) => error.code === 'answer-form');
  assert.equal(lines[0]!.outcome, 'answer-form');
});
