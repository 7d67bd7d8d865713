import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { openNatsStore } from '../../src/store/nats/open.js';
import type { Records, Store } from '../../src/store/store.js';
import { History, isLinearizable, type Model } from '../support/linearizability.js';
import { NatsServers, withoutNats } from '../support/nats.js';
import { all, text } from './support.js';

/** What two processes do at once on one store, with servers killed and paused under them, is what one could have done alone. */

/** One row, as a name that is registered, a package that is claimed, uses of an invitation that go down. */
type OnRow =
  | { readonly kind: 'create'; readonly value: string }
  | { readonly kind: 'replace'; readonly from: string; readonly to: string }
  | { readonly kind: 'read' };

/** `done`; what was read; `refused`: another value stood there, or none. */
const row: Model<string, OnRow, string> = {
  initial: '',
  step(value, input, output) {
    if (input.kind === 'read') return output === undefined || output === value ? value : undefined;
    const fits = input.kind === 'create' ? value === '' : value === input.from;
    const next = input.kind === 'create' ? input.value : input.to;
    if (output === undefined) return fits ? next : value;
    if (output === 'refused') return fits ? undefined : value;
    return fits ? next : undefined;
  },
  key: (value) => value,
};

/** One log, as commits that each end an epoch, and messages that come in between. */
type OnLog = { readonly kind: 'append'; readonly value: string; readonly expect?: number } | { readonly kind: 'read' };

const log: Model<string, OnLog, string> = {
  initial: '',
  step(entries, input, output) {
    const list = entries === '' ? [] : entries.split(',');
    if (input.kind === 'read') return output === undefined || output === entries ? entries : undefined;
    const fits = input.expect === undefined || input.expect === list.length;
    const next = [...list, input.value].join();
    if (output === undefined) return fits ? next : entries;
    if (output === 'refused') return fits ? undefined : entries;
    return fits && output === String(list.length) ? next : undefined;
  },
  key: (entries) => entries,
};

/** The output, or undefined where the store gave no answer. */
async function known(work: () => Promise<string>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'store-exists') || hasCode(error, 'store-conflict')) return 'refused';
    if (hasCode(error, 'store-unavailable')) return undefined;
    throw error;
  }
}

async function create(records: Records, key: string, value: string): Promise<string> {
  await records.create(key, utf8(value));
  return 'done';
}

/** Compare-and-set by what was read: another revision of the same value is refused as another value would be. */
async function rowHistory(stores: readonly Store[], key: string): Promise<boolean> {
  const history = new History<OnRow, string>();
  const read = async (records: Records) => {
    let found: { readonly value: string; readonly revision: number } | undefined;
    await history.record({ kind: 'read' }, () =>
      known(async () => {
        const there = await records.get(key);
        found = there && { value: text(there.value)!, revision: there.revision };
        return found?.value ?? '';
      }),
    );
    return found;
  };
  const one = async (store: Store, who: number): Promise<void> => {
    const records = store.records('rows');
    const created = { kind: 'create', value: `${who}` } as const;
    await history.record(created, () => known(() => create(records, key, created.value)));
    for (let turn = 0; turn < 2; turn++) {
      const before = await read(records);
      if (before === undefined) continue;
      // Each value once: a revision stands for its value.
      const change = { kind: 'replace', from: before.value, to: `${who}.${turn}` } as const;
      await history.record(change, () =>
        known(async () => {
          await records.replace(key, utf8(change.to), before.revision);
          return 'done';
        }),
      );
    }
    await read(records);
  };
  await Promise.all([0, 1, 2, 3].map((who) => one(stores[who % stores.length]!, who)));
  return isLinearizable(history.operations, row);
}

async function logHistory(stores: readonly Store[], name: string): Promise<boolean> {
  const history = new History<OnLog, string>();
  const one = async (store: Store, who: number): Promise<void> => {
    const entries = store.logs('logs').log(name);
    for (let turn = 0; turn < 2; turn++) {
      const commit = { kind: 'append', value: `c${who}.${turn}`, expect: turn * 3 } as const;
      await history.record(commit, () =>
        known(async () => String(await entries.append(utf8(commit.value), { expect: commit.expect }))),
      );
      const message = { kind: 'append', value: `m${who}.${turn}` } as const;
      await history.record(message, () => known(async () => String(await entries.append(utf8(message.value)))));
    }
    await history.record({ kind: 'read' }, () =>
      known(async () => (await all(entries.read())).map(({ value }) => text(value)).join()),
    );
  };
  await Promise.all([0, 1, 2].map((who) => one(stores[who % stores.length]!, who)));
  return isLinearizable(history.operations, log);
}

describe('two processes on three NATS servers', { skip: withoutNats }, () => {
  let servers: NatsServers;
  let stores: Store[] = [];
  before(async () => {
    servers = await NatsServers.start(3);
    stores = await Promise.all([1, 2].map(() => openNatsStore({ servers: servers.addresses })));
  });
  after(async () => {
    for (const store of stores) await store.close();
    await servers.stop();
  });

  test('A7 O1 what they write at once has an order', async () => {
    for (let round = 0; round < 40; round++) {
      const judged = await Promise.all([rowHistory(stores, `quiet${round}`), logHistory(stores, `quiet${round}`)]);
      assert.deepEqual(judged, [true, true], `round ${round}`);
    }
  });

  test('A7 O1 what they write at once has an order while servers are killed and paused', async () => {
    let going = true;
    const disturbing = (async () => {
      for (let round = 0; going; round++) {
        const server = servers.servers[round % 3]!;
        if (round % 2 === 0) await server.kill();
        else server.pause();
        await stores[0]!
          .records('rows')
          .get('nobody')
          .catch(() => {});
        if (round % 2 === 0) await server.start();
        else server.resume();
        await stores[1]!
          .records('rows')
          .get('nobody')
          .catch(() => {});
      }
    })();
    for (let round = 0; round < 6; round++) {
      const judged = await Promise.all([rowHistory(stores, `loud${round}`), logHistory(stores, `loud${round}`)]);
      assert.deepEqual(judged, [true, true], `round ${round}`);
    }
    going = false;
    await disturbing;
  });

  test('the judge finds a store that sets without comparing', async () => {
    const blind = (store: Store): Store =>
      Object.assign(Object.create(store) as Store, {
        records: (space: string): Records => {
          const inner = store.records(space);
          const put: Records['put'] = (key, value) => inner.put(key, value);
          return { ...bound(inner), put, create: put, replace: put };
        },
      });
    const judged: boolean[] = [];
    for (let round = 0; round < 5; round++)
      judged.push(await rowHistory([stores[0]!, blind(stores[1]!)], `blind${round}`));
    assert.ok(judged.includes(false), 'a name had two owners');
  });
});

const bound = (inner: Records): Records => ({
  get: (key) => inner.get(key),
  create: (key, value) => inner.create(key, value),
  replace: (key, value, expected) => inner.replace(key, value, expected),
  put: (key, value) => inner.put(key, value),
  delete: (key, expected) => inner.delete(key, expected),
  range: (options) => inner.range(options),
});

test('the judge knows an order from none', () => {
  const at = (value: string, output: string | undefined, began: number, ended: number) => ({
    input: { kind: 'create', value } as const,
    ...{ output, began, ended },
  });
  assert.ok(isLinearizable([at('a', 'done', 0, 3), at('b', 'refused', 1, 2)], row));
  assert.ok(!isLinearizable([at('a', 'done', 0, 1), at('b', 'done', 2, 3)], row));
  assert.ok(!isLinearizable([at('b', 'refused', 0, 1), at('a', 'done', 2, 3)], row), 'refused by nobody');
  const never = Number.POSITIVE_INFINITY;
  assert.ok(isLinearizable([at('a', undefined, 0, never), at('b', 'refused', 1, 2)], row), 'by one nobody heard of');
  assert.ok(!isLinearizable([at('b', 'refused', 0, 1), at('a', undefined, 2, never)], row));
});
