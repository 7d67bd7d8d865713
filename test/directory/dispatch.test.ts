import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import type { LogFields } from '../../src/base/log.js';
import { silentLogger } from '../../src/base/log.js';
import { dispatch } from '../../src/directory/requests/dispatch.js';
import { method, nothing } from '../../src/wire/rpc.js';
import { ManualClock } from '../support/clock.js';

const table = { 'a.b': method(nothing, nothing) };

async function run(error: Error, admit: () => void = () => {}) {
  const lines: [level: string, fields: LogFields][] = [];
  const note =
    (level: string) =>
    (_message: string, fields: LogFields = {}) =>
      lines.push([level, fields]);
  const broken: string[] = [];
  const init = {
    log: { ...silentLogger, info: note('info'), error: note('error') },
    clock: new ManualClock(),
    onBroken: ({ code }: Failure) => broken.push(code),
  };
  const handlers = { 'a.b': () => Promise.reject(error) };
  const caller = () => ({ user: 'alice', device: 'd', address: '192.0.2.1' });
  const request = { context: undefined, method: 'a.b' as const, params: {}, caller, admit };
  const thrown = await dispatch<typeof table, undefined, 'a.b'>(init, handlers, request).then(
    () => assert.fail(),
    (reason: Failure) => reason,
  );
  return { thrown, broken, line: lines[0]! };
}

test('S4 a store that failed ends the directory, and whoever asked learns nothing of its inside', async () => {
  const { thrown, broken, line } = await run(new Failure('storage', 'store-failed', 'EIO on /var/lib/secret'));
  assert.deepEqual(broken, ['store-failed']);
  assert.deepEqual([thrown.code, thrown.reason], ['directory-storage', 'unreachable']);
  assert.ok(!thrown.message.includes('/var'));
  assert.deepEqual([line[0], line[1].outcome], ['error', 'store-failed']);
});

test('S3 a full disk does not end the directory', async () => {
  const { thrown, broken } = await run(new Failure('storage', 'disk-full', 'full'));
  assert.deepEqual(broken, []);
  assert.equal(thrown.code, 'directory-full');
});

test('what is refused is logged with who asked and the code, and nothing is done', async () => {
  const { thrown, line } = await run(new Error('not reached'), () => {
    throw new Failure('denied', 'not-permitted', 'no');
  });
  assert.equal(thrown.code, 'not-permitted');
  assert.deepEqual(line, [
    'info',
    { user: 'alice', device: 'd', address: '192.0.2.1', command: 'a.b', outcome: 'not-permitted', ms: 0 },
  ]);
});
