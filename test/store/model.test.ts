import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { LocalStore } from '../../src/store/local.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { temporaryFolder } from './folder.js';
import { actions, Model, stateOf, stepsFor, succeeded } from './model.js';

interface Openable {
  store: LocalStore;
  reopen(): Promise<LocalStore>;
  remove(): Promise<void>;
}

async function openMemory(): Promise<Openable> {
  const store = openMemoryStore();
  return { store, reopen: async () => store, remove: () => store.close() };
}

async function openLevel(): Promise<Openable> {
  const folder = temporaryFolder();
  const path = await folder.path;
  const subject: Openable = {
    store: await openLevelStore({ folder: path }),
    async reopen() {
      await subject.store.close();
      subject.store = await openLevelStore({ folder: path });
      return subject.store;
    },
    async remove() {
      await subject.store.close();
      await folder.remove();
    },
  };
  return subject;
}

for (const [name, open, runs] of [
  ['memory', openMemory, 200],
  ['level', openLevel, 15],
] as const) {
  it(`the ${name} store does what the model does`, async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (list) => {
        const subject = await open();
        const model = new Model();
        try {
          for (const action of list) {
            const { store } = subject;
            if (action.do === 'reopen') await subject.reopen();
            else if (action.do === 'trim') {
              await store.logs('s').log(action.log).trim(action.before);
              model.trim(action.log, action.before);
            } else if (action.do === 'forget') {
              await store.logs('s').log(action.log).delete();
              model.logs.delete(action.log);
            } else {
              const steps = await stepsFor(store, action.steps);
              if (steps === undefined) continue;
              assert.equal(await succeeded(store.write(steps)), model.write(action.steps));
            }
            assert.deepEqual(await stateOf(subject.store), model.state());
          }
        } finally {
          await subject.remove();
        }
      }),
      { numRuns: runs },
    );
  });

  it(`the ${name} store judges writes issued together in the order issued`, async () => {
    const issue = fc.record({
      kind: fc.constantFrom('create', 'put', 'delete', 'append'),
      key: fc.constantFrom('a', 'b'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(issue, { maxLength: 12 }), { maxLength: 4 }), async (rounds) => {
        const subject = await open();
        const model = new Model();
        try {
          for (const round of rounds) {
            const { store } = subject;
            const expected: boolean[] = [];
            const writes = round.map(({ kind, key }, index) => {
              const value = String(index);
              const records = store.records('s');
              if (kind === 'append') {
                expected.push(model.write([{ kind, log: key, value, expect: 'none' }]));
                return store.logs('s').log(key).append(utf8(value));
              }
              expected.push(model.write([{ kind: kind as 'create' | 'put' | 'delete', key, value, right: true }]));
              if (kind === 'delete') return records.delete(key);
              return kind === 'create' ? records.create(key, utf8(value)) : records.put(key, utf8(value));
            });
            assert.deepEqual(await Promise.all(writes.map(succeeded)), expected);
            assert.deepEqual(await stateOf(store), model.state());
            await subject.reopen();
          }
        } finally {
          await subject.remove();
        }
      }),
      { numRuns: runs },
    );
  });
}
