import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { errorCode, Stage } from '../support/stage.js';

/** The program that holds the profile is there and answers nothing. */

const stage = await new Stage().open();
after(() => stage.close());
const ada = await stage.registered('ada');
await stage.registered('ben');

test('N28 commands end where the program that holds the profile is stopped, and say which it is', async () => {
  const holder = await ada.listen();
  const pid = holder.child.pid!;
  process.kill(pid, 'SIGSTOP');
  try {
    const ways = [
      ada.run(['send', 'ben', 'hi', '--timeout', '1']),
      ada.run(['listen', '--timeout', '2']),
      ada.run(['history', '@ben']),
      ada.through(['whoami']),
    ];
    for (const { status, events, stdout } of await Promise.all(ways)) {
      assert.equal(status, 1, stdout);
      const error = events.find(({ event }) => event === 'error');
      assert.equal(error?.code, 'holder-silent', stdout);
      assert.match(String(error?.message), new RegExp(`process ${pid}`));
      assert.match(String(error?.hint), /kill -CONT/);
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const again = await ada.through(['whoami']);
  assert.equal(again.status, 0, String(errorCode(again)));
  await holder.kill();
});
