import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import type { LocalStore } from '../../src/store/local.js';
import type { Subject } from './contract.js';
import { all, code } from './support.js';

interface LocalSubject extends Subject {
  open(): Promise<LocalStore>;
}

/** What a store inside the process must do besides. */
export function localContract(name: string, makeSubject: () => LocalSubject): void {
  describe(`${name} store, batches`, () => {
    let subject: LocalSubject;
    let store: LocalStore;
    beforeEach(async () => {
      subject = makeSubject();
      store = await subject.open();
    });
    afterEach(async () => {
      await store.close();
      await subject.clean();
    });

    it('writes all steps together and returns revisions and positions', async () => {
      const results = await store.write([
        { kind: 'create', space: 's', key: 'a', value: utf8('1') },
        { kind: 'append', space: 's', log: 'l', value: utf8('x') },
        { kind: 'append', space: 's', log: 'l', value: utf8('y'), expect: 1 },
        { kind: 'put', space: 's', key: 'b', value: utf8('2') },
        { kind: 'delete', space: 's', key: 'c' },
      ]);
      assert.equal(results[0], (await store.records('s').get('a'))?.revision);
      assert.deepEqual(results.slice(1, 3), [0, 1]);
      assert.equal(results[3], (await store.records('s').get('b'))?.revision);
      assert.equal(results[4], 0);
    });

    it('writes nothing if one step is refused, and tells which', async () => {
      await store.records('s').put('b', utf8('old'));
      const refused = store.write([
        { kind: 'create', space: 's', key: 'a', value: utf8('1') },
        { kind: 'append', space: 's', log: 'l', value: utf8('x') },
        { kind: 'create', space: 's', key: 'b', value: utf8('2') },
      ]);
      await assert.rejects(refused, code('store-exists', { step: 2, key: 'b' }));
      assert.equal(await store.records('s').get('a'), undefined);
      assert.deepEqual(await store.logs('s').log('l').ends(), { first: 0, next: 0 });
      await assert.rejects(
        store.write([
          { kind: 'put', space: 's', key: 'b', value: utf8('new') },
          { kind: 'append', space: 's', log: 'l', value: utf8('x'), expect: 7 },
        ]),
        code('store-conflict', { step: 1, position: 0 }),
      );
      assert.deepEqual((await store.records('s').get('b'))?.value, utf8('old'));
    });

    it('judges each step after the ones before it', async () => {
      await store.write([
        { kind: 'create', space: 's', key: 'a', value: utf8('1') },
        { kind: 'delete', space: 's', key: 'a' },
        { kind: 'create', space: 's', key: 'a', value: utf8('2') },
      ]);
      assert.deepEqual((await store.records('s').get('a'))?.value, utf8('2'));
      await assert.rejects(
        store.write([
          { kind: 'put', space: 's', key: 'n', value: utf8('1') },
          { kind: 'create', space: 's', key: 'n', value: utf8('2') },
        ]),
        code('store-exists', { step: 1 }),
      );
      assert.equal(await store.records('s').get('n'), undefined);
    });

    it('S8 a message sent again is stored once: the mark and the message go in one write', async () => {
      const receive = (id: string) =>
        store.write([
          { kind: 'create', space: 'seen', key: id, value: new Uint8Array(0) },
          { kind: 'append', space: 'history', log: 'lobby', value: utf8(id) },
        ]);
      const settled = await Promise.allSettled(['m1', 'm2', 'm1', 'm1', 'm3', 'm2'].map(receive));
      assert.deepEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled', 'rejected'],
      );
      await assert.rejects(receive('m3'), code('store-exists'));
      const shown = await all(store.logs('history').log('lobby').read());
      assert.deepEqual(
        shown.map(({ value }) => value),
        ['m1', 'm2', 'm3'].map(utf8),
      );
    });

    it('finds nothing wrong with what was written', async () => {
      await store.records('s').put('a', utf8('12345'));
      await store
        .logs('s')
        .log('l')
        .appendMany([utf8('123'), utf8('45')]);
      await store.logs('s').log('l').trim(1);
      await store.blobs('s').put('b', [new Uint8Array(100_000)]);
      assert.deepEqual(await store.check(), { records: 1, entries: 1, blobs: 1, bytes: 100_007, problems: [] });
    });
  });
}
