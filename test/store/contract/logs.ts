import assert from 'node:assert/strict';
import { it } from 'node:test';
import { utf8 } from '../../../src/base/bytes.js';
import { MAX_VALUE_BYTES, type Store } from '../../../src/store/store.js';
import { all, code, text } from '../support.js';

export function logsContract(store: () => Store): void {
  it('numbers entries from 0 and reads them back', async () => {
    const log = store().logs('a').log('x');
    assert.deepEqual(await log.ends(), { first: 0, next: 0 });
    assert.deepEqual(await all(log.read()), []);
    assert.equal(await log.append(utf8('zero')), 0);
    assert.equal(await log.append(utf8('one')), 1);
    assert.deepEqual(await log.ends(), { first: 0, next: 2 });
    assert.deepEqual(await all(log.read()), [
      { position: 0, value: utf8('zero') },
      { position: 1, value: utf8('one') },
    ]);
    assert.deepEqual(await all(log.read({ from: 1 })), [{ position: 1, value: utf8('one') }]);
    assert.deepEqual(await all(log.read({ limit: 1 })), [{ position: 0, value: utf8('zero') }]);
    assert.deepEqual(await all(log.read({ limit: 0 })), []);
    assert.deepEqual(await all(log.read({ from: 2 })), []);
    assert.deepEqual(await all(log.read({ from: 99 })), []);
  });

  it('keeps entries of no bytes', async () => {
    const log = store().logs('a').log('x');
    await log.appendMany([new Uint8Array(0), utf8('x'), new Uint8Array(0)]);
    assert.deepEqual(
      (await all(log.read())).map(({ value }) => value.length),
      [0, 1, 0],
    );
  });

  it('appends at the expected position only, and tells the actual one', async () => {
    const log = store().logs('a').log('x');
    await assert.rejects(log.append(utf8('0'), { expect: 1 }), code('store-conflict', { position: 0 }));
    assert.equal(await log.append(utf8('0'), { expect: 0 }), 0);
    await assert.rejects(log.append(utf8('0'), { expect: 0 }), code('store-conflict', { position: 1 }));
    assert.deepEqual(await log.ends(), { first: 0, next: 1 });
  });

  it('lets one appender win each position', async () => {
    const log = store().logs('a').log('x');
    for (let position = 0; position < 20; position++) {
      const tries = Array.from({ length: 10 }, (_, index) => log.append(utf8(String(index)), { expect: position }));
      const settled = await Promise.allSettled(tries);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    }
    assert.deepEqual(await log.ends(), { first: 0, next: 20 });
  });

  it('gives simultaneous appends positions in the order issued', async () => {
    const log = store().logs('a').log('x');
    const values = Array.from({ length: 300 }, (_, index) => utf8(String(index)));
    const positions = await Promise.all(values.map((value) => log.append(value)));
    assert.deepEqual(positions, [...values.keys()]);
    assert.deepEqual(
      (await all(log.read())).map(({ value }) => value),
      values,
    );
  });

  it('appends many together', async () => {
    const log = store().logs('a').log('x');
    await log.append(utf8('a'));
    assert.equal(await log.appendMany([utf8('b'), utf8('c')]), 1);
    await assert.rejects(
      log.appendMany([utf8('d'), utf8('e')], { expect: 1 }),
      code('store-conflict', { position: 3 }),
    );
    assert.equal(await log.appendMany([utf8('d'), utf8('e')], { expect: 3 }), 3);
    assert.equal((await all(log.read())).map(({ value }) => text(value)).join(''), 'abcde');
    await assert.rejects(log.appendMany([]), code('store-key'));
    const half = new Uint8Array(MAX_VALUE_BYTES / 2 + 1);
    await assert.rejects(log.appendMany([half, half]), code('store-value-size'));
  });

  it('keeps logs apart, also where one name begins another', async () => {
    const logs = store().logs('a');
    const names = ['x', 'x/1', 'x-', 'xx', 'X'];
    await Promise.all(names.map((name) => logs.log(name).append(utf8(name))));
    for (const name of names) assert.deepEqual(await all(logs.log(name).read()), [{ position: 0, value: utf8(name) }]);
    assert.deepEqual(await all(logs.names()), ['X', 'x', 'x-', 'x/1', 'xx']);
    assert.deepEqual(await all(logs.names({ prefix: 'x/' })), ['x/1']);
    assert.deepEqual(await all(store().logs('b').names()), []);
  });

  it('trims, keeping positions', async () => {
    const log = store().logs('a').log('x');
    await log.trim(5);
    for (let index = 0; index < 5; index++) await log.append(utf8(String(index)));
    await log.trim(2);
    assert.deepEqual(await log.ends(), { first: 2, next: 5 });
    await log.trim(1);
    assert.deepEqual(
      (await all(log.read())).map(({ position }) => position),
      [2, 3, 4],
    );
    assert.deepEqual(
      (await all(log.read({ from: 0, limit: 1 }))).map(({ position }) => position),
      [2],
    );
    await log.trim(99);
    assert.deepEqual(await log.ends(), { first: 5, next: 5 });
    assert.deepEqual(await all(log.read()), []);
    assert.equal(await log.append(utf8('5'), { expect: 5 }), 5);
    assert.deepEqual(await all(log.read()), [{ position: 5, value: utf8('5') }]);
  });

  it('trims more than fits in one write', async () => {
    const log = store().logs('a').log('x');
    await log.appendMany(Array.from({ length: 3000 }, (_, index) => utf8(String(index))));
    await log.trim(2999);
    assert.deepEqual(await all(log.read()), [{ position: 2999, value: utf8('2999') }]);
  });

  it('goes on while it is read', async () => {
    const log = store().logs('a').log('x');
    await log.appendMany(Array.from({ length: 600 }, (_, index) => utf8(String(index))));
    const seen: number[] = [];
    for await (const { position } of log.read()) {
      seen.push(position);
      if (position === 10) await log.trim(500);
      if (position === 599) await log.append(utf8('600'));
    }
    assert.deepEqual(
      seen.filter((position) => position >= 500),
      [...Array(101).keys()].map((index) => index + 500),
    );
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
    );
  });

  it('deletes a log and starts it again', async () => {
    const logs = store().logs('a');
    const log = logs.log('x');
    await log.delete();
    await log.appendMany(Array.from({ length: 10 }, (_, index) => utf8(String(index))));
    await log.delete();
    assert.deepEqual(await log.ends(), { first: 0, next: 0 });
    assert.deepEqual(await all(log.read()), []);
    assert.deepEqual(await all(logs.names()), []);
    assert.equal(await log.append(utf8('again'), { expect: 0 }), 0);
    assert.deepEqual(await all(log.read()), [{ position: 0, value: utf8('again') }]);
  });
}
