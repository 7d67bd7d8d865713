import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

test('N15 no signal opens a debugger, in a directory or in a chat', async () => {
  const anna = await stage.registered('anna');
  const listening = await anna.listen();
  for (const { child } of [stage.directory, listening]) child.kill('SIGUSR1');
  // They go on, and what they said until then is what they said of the signal.
  const { status } = await anna.through(['whoami']);
  assert.equal(status, 0);
  assert.equal((await stage.register(stage.newcomer('bert'))).status, 0);
  await listening.kill('SIGTERM');
  for (const { stderr } of [stage.directory, listening]) assert.doesNotMatch(stderr, /Debugger|inspector/);
});
