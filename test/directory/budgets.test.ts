import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { Budgets } from '../../src/directory/guard/budgets.js';
import { DEVICE_REQUESTS } from '../../src/directory/permissions.js';
import { openTables } from '../../src/directory/rows.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { openEnrol, register, registerOn, signIn } from '../support/directory-client.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

test('N6 who asks for more than his budget waits in order, then is refused with a time, and others are served', async () => {
  const clock = new ManualClock();
  const budgets = new Budgets({ burst: 10, perSecond: 10 }, 100, clock);
  assert.equal(budgets.spend('eve', 10), undefined);
  const served: number[] = [];
  for (let n = 1; n <= 5; n++) void budgets.spend('eve', 10)!.then(() => served.push(n));
  const refused = (() => {
    try {
      return budgets.spend('eve', 10);
    } catch (error) {
      return error;
    }
  })();
  assert.ok(refused instanceof Failure && refused.code === 'rate-limited' && Number(refused.details.seconds) > 0);
  assert.equal(budgets.spend('ann', 10), undefined, 'others have their own');
  for (let second = 1; second <= 5; second++) {
    clock.advance(1000);
    await new Promise(setImmediate);
    assert.deepEqual(
      served,
      Array.from({ length: second }, (_, index) => index + 1),
    );
  }
});

/** Counts the writes of one space. */
function countingStore(space: string): { store: Store; writes: () => number } {
  const store = openMemoryStore();
  let writes = 0;
  return {
    writes: () => writes,
    store: Object.assign(Object.create(store) as Store, {
      records: (name: string) => {
        const records = store.records(name);
        if (name !== space) return records;
        const replace: typeof records.replace = (...args) => {
          writes++;
          return records.replace(...args);
        };
        return { ...records, replace };
      },
      logs: (name: string) => store.logs(name),
    }),
  };
}

test('N6 updates of one row queue up and share a write; what one throws is its own', async () => {
  const { store, writes } = countingStore('ledger.carried');
  const { carried } = openTables(store);
  await carried.put('self', { acts: 0 });
  const results = await Promise.allSettled(
    Array.from({ length: 250 }, (_, n) =>
      carried.update('self', (row) => {
        if (n === 7) throw new Failure('not-permitted', 'no');
        return n === 8 ? undefined : { acts: row!.acts + 1 };
      }),
    ),
  );
  assert.deepEqual(await carried.get('self'), { acts: 248 });
  assert.ok(writes() <= 3, `${writes()} writes for 250 updates`);
  const failed = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []));
  assert.deepEqual(failed, [7]);
  const last = results.at(-1)!;
  assert.deepEqual(last.status === 'fulfilled' && last.value, { acts: 248 });
});

const minimal = {
  ...{ 'factor.begin': {}, 'factor.codes': {}, 'factor.off': {}, 'account.delete': {} },
  'pairing.open': {},
} as const;

test('N6 N4 what the table says takes the password is refused without it, whatever its handler does', async (t) => {
  const { link } = await testDirectory(t);
  const client = await signIn(link, await register(link, 'alice'));
  afterwards(t, () => client.close());
  const params: Readonly<Record<string, object>> = {
    ...minimal,
    'password.start': { request: new Uint8Array(32) },
    'password.finish': { record: new Uint8Array(192), backup: new Uint8Array(60) },
    'devices.revoke': { device: '0123456789abcdef' },
  };
  const guarded = Object.entries(DEVICE_REQUESTS).filter(([, { proof }]) => proof === 'password');
  assert.deepEqual(guarded.map(([method]) => method).sort(), Object.keys(params).sort());
  for (const [method] of guarded) {
    await assert.rejects(client.request(method as never, params[method] as never), coded('login-needed'), method);
  }
});

test('N6 an anonymous caller is charged by address for the first request of a registration as for any', async (t) => {
  const { link } = await testDirectory(t, { limits: { strangerWork: { burst: 50, perSecond: 0.1 } } });
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const start = () => channel.request('register.start', { user: 'eve', request: new Uint8Array(32) });
  const codes: string[] = [];
  for (let n = 0; n < 6; n++)
    codes.push(
      await start().then(
        () => 'ok',
        (error: Failure) => error.code,
      ),
    );
  assert.ok(codes.includes('rate-limited'), codes.join(' '));
  assert.notEqual(codes[0], 'rate-limited');
});

test('N6 an account that floods one request has it refused on all its channels, and another is served', async (t) => {
  const { link } = await testDirectory(t, { limits: { accountWork: { burst: 200, perSecond: 1 } } });
  const eve = await register(link, 'eve');
  const client = await signIn(link, eve);
  const other = await signIn(link, await register(link, 'ann'));
  afterwards(t, () => Promise.all([client.close(), other.close()]));
  const set = () => client.request('presence.set', { state: 'online' });
  const results = await Promise.allSettled(Array.from({ length: 60 }, set));
  const refused = results.filter((result) => result.status === 'rejected' && result.reason.code === 'rate-limited');
  assert.ok(refused.length > 30, `${refused.length} refused`);
  await other.request('presence.set', { state: 'away' });
  const channel = await openEnrol(link);
  await registerOn(channel, link, 'newcomer').finally(() => channel.close());
});
