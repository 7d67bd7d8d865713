import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import type { Store } from '../../src/store/store.js';
import { blobsContract } from './contract/blobs.js';
import { busContract } from './contract/bus.js';
import { logsContract } from './contract/logs.js';
import { recordsContract } from './contract/records.js';
import { all, code } from './support.js';

export interface Subject {
  open(): Promise<Store>;
  /** Runs after each test, when the store is closed. */
  clean(): Promise<void>;
}

/** What every implementation of Store must do. */
export function storeContract(name: string, makeSubject: () => Subject): void {
  describe(`${name} store`, () => {
    let subject: Subject;
    let store: Store;
    beforeEach(async () => {
      subject = makeSubject();
      store = await subject.open();
    });
    afterEach(async () => {
      await store.close();
      await subject.clean();
    });
    describe('records', () => recordsContract(() => store));
    describe('logs', () => logsContract(() => store));
    describe('blobs', () => blobsContract(() => store));
    describe('bus', () => busContract(() => store));

    it('names the spaces in which something is', async () => {
      const kinds = ['records', 'logs', 'blobs'] as const;
      for (const kind of kinds) assert.deepEqual(await store.spaces(kind), [], kind);
      await store.records('b.c').put('k', utf8('v'));
      await store.records('b').put('k/1', utf8('v'));
      await store.records('gone').put('k', utf8('v'));
      await store.records('gone').delete('k');
      await store.logs('b_').log('x').append(utf8('v'));
      await store.logs('a').log('trimmed').append(utf8('v'));
      await store.logs('a').log('trimmed').trim(1);
      await store.blobs('files').put('k', [utf8('v')]);
      assert.deepEqual(await store.spaces('records'), ['b', 'b.c']);
      assert.deepEqual(await store.spaces('logs'), ['a', 'b_']);
      assert.deepEqual(await store.spaces('blobs'), ['files']);
    });

    it('refuses everything after close', async () => {
      const records = store.records('a');
      const log = store.logs('a').log('x');
      const blobs = store.blobs('a');
      await store.close();
      await store.close();
      const closed = code('store-closed');
      await assert.rejects(records.get('k'), closed);
      await assert.rejects(records.put('k', utf8('v')), closed);
      await assert.rejects(all(records.range()), closed);
      await assert.rejects(log.append(utf8('v')), closed);
      await assert.rejects(log.ends(), closed);
      await assert.rejects(all(log.read()), closed);
      await assert.rejects(log.trim(1), closed);
      await assert.rejects(log.delete(), closed);
      await assert.rejects(all(store.logs('a').names()), closed);
      await assert.rejects(blobs.put('k', [utf8('v')]), closed);
      await assert.rejects(blobs.get('k'), closed);
      await assert.rejects(blobs.delete('k'), closed);
      await assert.rejects(blobs.usage(), closed);
      assert.throws(() => store.bus.publish('a', utf8('v')), closed);
      await assert.rejects(
        store.bus.subscribe('a', () => {}),
        closed,
      );
    });
  });
}
