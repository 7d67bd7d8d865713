import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { Failure } from '../../src/base/errors.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { REQUESTS_IN_FLIGHT } from '../../src/wire/limits.js';
import { method, nothing } from '../../src/wire/rpc.js';
import { text } from '../../src/wire/schema.js';
import { Session } from '../../src/wire/session.js';
import { ManualClock } from '../support/clock.js';

const methods = {
  greet: method(v.object({ name: text(16) }), v.object({ greeting: text(32) })),
  fail: method(nothing, nothing),
  hang: method(nothing, nothing),
};
const notices = { news: v.object({ text: text(16) }) };

/** Two sessions that hand each other their frames on the spot. */
function pair() {
  const clock = new ManualClock();
  const heard: unknown[] = [];
  const ends: Session<typeof methods, typeof notices, typeof methods, typeof notices>[] = [];
  const make = (other: 0 | 1) =>
    new Session<typeof methods, typeof notices, typeof methods, typeof notices>({
      clock,
      serves: methods,
      hears: notices,
      calls: methods,
      send: (frame) => ends[other]!.receive(frame),
      async serve(name, params: { name?: string }) {
        if (name === 'greet') return { greeting: `hello ${params.name}` };
        if (name === 'hang') return new Promise(() => {});
        throw new Error('/home/secret: boom');
      },
      hear: (_name, params) => void heard.push(params),
    });
  ends.push(make(1), make(0));
  return { clock, heard, a: ends[0]!, b: ends[1]! };
}

test('a request is answered with what the other side returns', async () => {
  const { a } = pair();
  assert.deepEqual(await a.request('greet', { name: 'ada' }), { greeting: 'hello ada' });
});

test('a fault of the other side reaches the caller without its inside', async () => {
  const { a } = pair();
  await assert.rejects(a.request('fail', {}), (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'internal');
    assert.doesNotMatch(error.message + error.hint, /secret|boom/);
    return true;
  });
});

test('params that are not as agreed are refused by name, and the session goes on', async () => {
  const { a } = pair();
  await assert.rejects(a.request('greet', { name: 'x'.repeat(17) }), /field 'name'/);
  assert.deepEqual(await a.request('greet', { name: 'ada' }), { greeting: 'hello ada' });
});

test('notices reach the other side, unknown ones are ignored', () => {
  const { a, b, heard } = pair();
  a.notify('news', { text: 'first' });
  b.receive(encodeFrame(encodeCbor({ t: 'n', m: 'other', p: {} })));
  assert.deepEqual(heard, [{ text: 'first' }]);
});

test('a request without an answer fails in time, and when the session closes', async () => {
  const { a, clock } = pair();
  const late = a.request('hang', {});
  clock.advance(60_000);
  await assert.rejects(late, { code: 'request-timeout' });
  const cut = a.request('hang', {});
  a.close(new Failure('closed'));
  await assert.rejects(cut, { code: 'closed' });
  await assert.rejects(a.request('hang', {}), { code: 'closed' });
});

test('P8 one side cannot pile up requests without end', () => {
  const { b } = pair();
  const flood = () => {
    for (let i = 1; i <= REQUESTS_IN_FLIGHT + 1; i++) {
      b.receive(encodeFrame(encodeCbor({ t: 'q', i, m: 'hang', p: {} })));
    }
  };
  assert.throws(flood, { code: 'requests-in-flight' });
});

test('M6 a request number works once', () => {
  const { b } = pair();
  const frame = encodeFrame(encodeCbor({ t: 'q', i: 1, m: 'greet', p: { name: 'ada' } }));
  b.receive(frame);
  assert.throws(() => b.receive(frame), { code: 'request-repeated' });
});

test('a ping is answered, and any frame is a sign of life', () => {
  const { a, b, clock } = pair();
  clock.advance(5_000);
  a.ping();
  assert.equal(a.heardAt, 5_000);
  assert.equal(b.heardAt, 5_000);
});
