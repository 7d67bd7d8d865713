import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import { type LoginAttempt, LoginGuard } from '../../src/directory/guard/login-guard.js';
import { ManualClock } from '../support/clock.js';

const perAddress = { burst: 1_000_000, perSecond: 1_000 };
const alice: LoginAttempt = { folded: 'alice', address: '192.0.2.1' };
const MINUTE = 60_000;

/** Seconds of the refusal, or 0 where the attempt was let in. */
function attempt(guard: LoginGuard, who: LoginAttempt, now: number): number {
  try {
    guard.start(who, now);
    return 0;
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.match(error.code, /^(name-blocked|too-many-logins)$/);
    return error.details.seconds as number;
  }
}

const fail = (guard: LoginGuard, who: LoginAttempt, now: number, times: number): void => {
  for (let i = 0; i < times; i++) assert.equal(attempt(guard, who, now), 0);
};

test('A2 a login that is broken off counts as a failure: three started and none finished block the name', () => {
  const guard = new LoginGuard({ perAddress });
  fail(guard, alice, 0, 3);
  assert.equal(attempt(guard, alice, 0), 10);
  assert.equal(attempt(guard, { ...alice, address: '198.51.100.9' }, 5_000), 5, 'from any address');
  assert.equal(attempt(guard, { ...alice, folded: 'bob' }, 0), 0, 'others log in, from the same address too');
  assert.equal(attempt(guard, alice, 10_000), 0, 'the block ends by itself');
});

test('A2 many logins at once get no more tries than one after the other', () => {
  const guard = new LoginGuard({ perAddress });
  const let_in = Array.from({ length: 50 }, () => attempt(guard, alice, 0)).filter((seconds) => seconds === 0);
  assert.equal(let_in.length, 3);
});

test('a login that ends well is given back, and failures before it are forgotten', () => {
  const guard = new LoginGuard({ perAddress });
  fail(guard, alice, 0, 2);
  guard.succeed(guard.start(alice, 0), 0);
  fail(guard, alice, 0, 3);
  assert.equal(attempt(guard, alice, 0), 10, 'the next block is as short as the first');
});

test('the third try may still succeed while the name is blocked by it', () => {
  const guard = new LoginGuard({ perAddress });
  fail(guard, alice, 0, 2);
  guard.succeed(guard.start(alice, 0), 100);
  assert.equal(attempt(guard, alice, 200), 0);
});

test('threshold and length of a block are configurable', () => {
  const guard = new LoginGuard({ perAddress, blockAfter: 5, blockMs: 2_000 });
  fail(guard, alice, 0, 5);
  assert.equal(attempt(guard, alice, 0), 2);
});

test('A5 repeated blocks double, to 15 minutes at most', () => {
  const guard = new LoginGuard({ perAddress });
  let now = 0;
  const waits: number[] = [];
  for (let block = 0; block < 10; block++) {
    fail(guard, alice, now, 3);
    waits.push(attempt(guard, alice, now));
    now += waits.at(-1)! * 1000;
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
});

test("A5 a stranger's guessing does not lock out the victim's known device, and its failures count for the name", () => {
  const guard = new LoginGuard({ perAddress });
  const laptop = { ...alice, device: '00112233445566aa' };
  let now = 0;
  for (let tries = 0; tries < 1_000; tries++) now += attempt(guard, alice, now) * 1000;
  assert.equal(attempt(guard, laptop, now), 0);
  const other = new LoginGuard({ perAddress });
  fail(other, laptop, 0, 3);
  assert.equal(attempt(other, laptop, 0), 10, 'its own bucket');
  assert.equal(attempt(other, alice, 0), 10, "and the name's");
});

test("a known device's right password blocks its name for nobody, and leaves strangers the tries they had", () => {
  const guard = new LoginGuard({ perAddress });
  const laptop = { ...alice, device: '00112233445566aa' };
  fail(guard, alice, 0, 2);
  for (let i = 0; i < 5; i++) guard.succeed(guard.start(laptop, 0), 0);
  assert.equal(attempt(guard, alice, 0), 0, 'the third');
  assert.equal(attempt(guard, alice, 0), 10);
  guard.succeed(guard.start(laptop, 0), 0);
  assert.equal(attempt(guard, alice, 1), 10, 'a block that strangers have brought about stays');
});

test('A3 guesses from one address at many names are throttled; what ends well costs nothing', () => {
  const guard = new LoginGuard({ perAddress: { burst: 20, perSecond: 1 } });
  for (let i = 0; i < 100; i++) guard.succeed(guard.start({ ...alice, folded: `user${i}` }, 0), 0);
  for (let i = 0; i < 20; i++) assert.equal(attempt(guard, { ...alice, folded: `name${i}` }, 0), 0);
  assert.ok(attempt(guard, { ...alice, folded: 'another' }, 0) > 0);
  assert.equal(attempt(guard, { folded: 'another', address: '192.0.2.2' }, 0), 0, 'other addresses are not concerned');
});

test('A4 an account gives way to at most 100 guesses in a row, from whatever addresses, then to one in 15 minutes', () => {
  const guard = new LoginGuard({ perAddress, blockAfter: 1_000_000 });
  let guesses = 0;
  const guessFrom = (prefix: string, now: number) => {
    for (let host = 0; host < 200; host++) {
      if (attempt(guard, { folded: 'alice', address: `${prefix}.${host}` }, now) === 0) guesses++;
    }
  };
  guessFrom('198.51.100', 0);
  assert.equal(guesses, 100);
  for (let quarter = 1; quarter <= 16; quarter++) guessFrom('203.0.113', quarter * 15 * MINUTE);
  assert.equal(guesses, 100 + 16);
});

test('A6 a flood of names and addresses does not grow the guard, nor free who is blocked', () => {
  const guard = new LoginGuard({ perAddress, maxNames: 1_000 });
  fail(guard, alice, 0, 3);
  for (let i = 0; i < 20_000; i++) attempt(guard, { folded: `n${i}`, address: `2001:db8::${i}` }, 1);
  assert.ok(guard.size <= 1_001);
  assert.ok(attempt(guard, alice, 1) > 0);
});

test('X3 setting the clock shortens no block', () => {
  const clock = new ManualClock();
  const guard = new LoginGuard({ perAddress });
  fail(guard, alice, clock.monotonic(), 3);
  clock.jump(365 * 24 * 60 * MINUTE);
  assert.equal(attempt(guard, alice, clock.monotonic()), 10);
  clock.jump(-2 * 365 * 24 * 60 * MINUTE);
  clock.advance(9_000);
  assert.equal(attempt(guard, alice, clock.monotonic()), 1);
});

test('the operator can lift a block', () => {
  const guard = new LoginGuard({ perAddress });
  fail(guard, alice, 0, 3);
  guard.forget('alice', 0);
  assert.equal(attempt(guard, alice, 0), 0);
});
