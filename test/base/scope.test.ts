import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../src/base/scope.js';

/** Timers that fire when the test says so. */
function clockByHand() {
  const timers: { run: () => void; cancelled: boolean }[] = [];
  const clock = {
    after(_ms: number, run: () => void) {
      const timer = { run, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  };
  return { timers, clock };
}

test('closing a scope aborts, then runs deferred steps latest first, then waits for what runs', async () => {
  const scope = new Scope();
  const seen: string[] = [];
  scope.defer(() => void seen.push('first'));
  scope.child().defer(() => void seen.push('child'));
  scope.run(async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await new Promise(setImmediate);
    seen.push('work');
  });
  await scope.close();
  assert.deepEqual(seen, ['child', 'first', 'work']);
});

test('every deferred step runs even when one throws, and the error reaches the caller', async () => {
  const scope = new Scope();
  const seen: string[] = [];
  scope.defer(() => void seen.push('ran'));
  scope.defer(() => {
    throw new Error('broken');
  });
  await assert.rejects(scope.close(), /broken/);
  assert.deepEqual(seen, ['ran']);
});

test('what is deferred to a closed scope runs at once', async () => {
  const scope = new Scope();
  await scope.close();
  let ran = false;
  scope.defer(() => {
    ran = true;
  });
  assert.equal(ran, true);
});

test('a timer of a scope runs once and leaves nothing behind; one that has not run when the scope closes does not run', async () => {
  const scope = new Scope();
  const { timers, clock } = clockByHand();
  const ran: string[] = [];
  scope.after(clock, 5, () => ran.push('first'));
  scope.after(clock, 5, () => ran.push('second'));
  timers[0]!.run();
  await scope.close();
  assert.deepEqual(ran, ['first']);
  assert.deepEqual(
    timers.map(({ cancelled }) => cancelled),
    [false, true],
  );
});

test('a pause ends with its time or with the scope, whichever is first, and leaves no timer behind', async () => {
  const scope = new Scope();
  const { timers, clock } = clockByHand();
  const [first, second] = [scope.pause(clock, 5), scope.pause(clock, 5_000)];
  timers[0]!.run();
  await first;
  scope.run(() => second);
  await scope.close();
  await scope.pause(clock, 5_000);
  assert.deepEqual(
    timers.map(({ cancelled }) => cancelled),
    [true, true, true],
  );
});
