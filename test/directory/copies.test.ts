import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { RUN_BYTES } from '../../src/wire/limits.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { type DeviceClient, helloParams, register, signIn } from '../support/directory-client.js';

const isCopied = (error: unknown): boolean => hasCode(error, 'profile-copied');

test('M9 whoever lacks the run that a device was here with last is a copy, however often it was started', async (t) => {
  const { link } = await testDirectory(t);
  const ada = await register(link, 'ada');
  const run = (): Uint8Array => systemRandom.bytes(RUN_BYTES);
  const [first, second, third] = [run(), run(), run()];
  const says = async (now: Uint8Array, ...before: Uint8Array[]): Promise<DeviceClient> => {
    const client = await signIn(link, ada, { ...helloParams(9), runs: { now, before } });
    afterwards(t, () => client.close());
    return client;
  };
  await says(first);
  // The answer was lost, and the program is another one meanwhile.
  const here = await says(second, first);
  await assert.rejects(says(third), isCopied);
  await assert.rejects(says(third, first), isCopied);
  // Nothing of that is remembered, nor does it end who is there.
  assert.equal((await here.request('devices.list', {})).devices.length, 1);
  await says(third, second);
  // A program that does not know of runs may have been any: it is not counted.
  await (await signIn(link, ada, helloParams(10))).close();
  await says(run());
});

test('M9 runs that a directory remembers from before its store was set back count for nothing', async (t) => {
  const { link, site } = await testDirectory(t);
  const bob = await register(link, 'bob');
  const says = (): Promise<DeviceClient> =>
    signIn(link, bob, { ...helloParams(), runs: { now: systemRandom.bytes(RUN_BYTES), before: [] } });
  await (await says()).close();
  await assert.rejects(says(), isCopied);
  assert.ok(await site.core.incarnation.proven());
  await (await says()).close();
});
