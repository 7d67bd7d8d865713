import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { openDatabase } from '../../src/store/level/database.js';
import { seal, sealRecord } from '../../src/store/level/envelope.js';
import { Head } from '../../src/store/level/head.js';
import { ids } from '../../src/store/level/ids.js';
import { crc32c } from '../../src/store/level/inspect/crc32c.js';
import { inspectLevel } from '../../src/store/level/inspect/inspect.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { temporaryFolder } from './folder.js';
import { all, code } from './support.js';

it('computes CRC-32C as RFC 3720, appendix B.4, has it', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(new Uint8Array(32).map((_, index) => index)), 0x46dd794e);
  assert.equal(crc32c(utf8('--123456789--'), 2, 11), 0xe3069283);
});

describe('inspection', () => {
  const folder = temporaryFolder();
  let path: string;
  let copy: string;
  let level: string;
  let written: number;
  before(async () => {
    path = join(await folder.path, 'store');
    copy = join(await folder.path, 'copy');
    level = join(path, 'db');
    for (let session = 0; session < 3; session++) {
      const store = await openLevelStore({ folder: path });
      for (let index = 0; index < 5; index++) await store.records('a').put(`key${index}`, utf8(`${session}/${index}`));
      await store.close();
    }
    const head = await Head.open(path, true);
    written = head.written;
    await head.close();
  });
  after(() => folder.remove());

  const named = async (pattern: RegExp): Promise<string[]> =>
    (await readdir(level)).filter((name) => pattern.test(name));

  /** Flips a bit of every byte of a file, one after the other; `isSilent` may excuse some. */
  async function flipEveryByte(
    file: string,
    meaningless: (at: number, size: number) => boolean = () => false,
  ): Promise<void> {
    const original = await readFile(file);
    assert.ok(original.length > 0);
    for (let at = 0; at < original.length; at++) {
      const flipped = Buffer.from(original);
      flipped[at]! ^= 1 << ((at * 5) % 8);
      await writeFile(file, flipped);
      const inspected = inspectLevel(level, written);
      if (meaningless(at, original.length)) await inspected.catch(code('store-damaged'));
      else await assert.rejects(inspected, code('store-damaged'), `byte ${at} of ${file}`);
    }
    await writeFile(file, original);
    assert.equal((await inspectLevel(level, written))?.lastSequence, written);
  }

  it('counts the writes as LevelDB does', async () => {
    assert.deepEqual(
      { ...(await inspectLevel(level, written)), bytes: 0, logBytes: 0 },
      {
        lastSequence: written,
        torn: false,
        bytes: 0,
        logBytes: 0,
      },
    );
  });

  it('S5 notices a flip in every byte of the write-ahead log', async () => {
    const [log, ...more] = await named(/\.log$/);
    assert.equal(more.length, 0);
    await flipEveryByte(join(level, log!));
  });

  it('S5 notices a flip in every byte of the manifest and of CURRENT', async () => {
    const [manifest] = await named(/^MANIFEST/);
    await flipEveryByte(join(level, manifest!));
    await flipEveryByte(join(level, 'CURRENT'));
  });

  it('S5 notices a flip in every byte of a table, but for the unused ones of its footer', async () => {
    const tables = await named(/\.ldb$/);
    assert.ok(tables.length > 0);
    const inPadding = (at: number, size: number) => at >= size - 48 && at < size - 8;
    for (const table of tables) await flipEveryByte(join(level, table), inPadding);
  });

  it('S5 notices a flip in every byte of the head that means something', async () => {
    const file = join(path, 'head');
    const original = await readFile(file);
    for (const at of [...Array(21).keys(), ...[...Array(12).keys()].map((index) => 512 + index)]) {
      const flipped = Buffer.from(original);
      flipped[at]! ^= 4;
      await writeFile(file, flipped);
      await assert.rejects(Head.open(path, true), code('store-damaged'), `byte ${at}`);
    }
    await writeFile(file, original);
  });

  it('refuses to begin anew where something was', async () => {
    for (const [missing, problem] of [
      ['head', /head is missing/],
      ['db/CURRENT', /CURRENT is missing/],
      [`db/${(await named(/\.log$/))[0]}`, /log .* is missing/],
      [`db/${(await named(/\.ldb$/))[0]}`, /table .* is missing/],
    ] as const) {
      await cp(path, copy, { recursive: true });
      await rm(join(copy, missing));
      const opened = openLevelStore({ folder: copy });
      await assert.rejects(opened, (error: unknown) => code('store-damaged')(error) && problem.test(String(error)));
      await rm(copy, { recursive: true });
    }
  });

  it('notices a write that is missing between others', async () => {
    await cp(path, copy, { recursive: true });
    const log = join(copy, 'db', (await named(/\.log$/))[0]!);
    const whole = await readFile(log);
    const ends = [0];
    for (let at = 0; at < whole.length; at += 7 + whole.readUInt16LE(at + 4))
      ends.push(at + 7 + whole.readUInt16LE(at + 4));
    assert.ok(ends.length > 4);
    for (let index = 0; index + 2 < ends.length; index++) {
      await writeFile(log, Buffer.concat([whole.subarray(0, ends[index]), whole.subarray(ends[index + 1])]));
      await assert.rejects(inspectLevel(join(copy, 'db'), written), code('store-damaged'), `record ${index}`);
    }
    await rm(copy, { recursive: true });
  });

  it('drops the torn end of a write that was never acknowledged, and says so', async () => {
    await cp(path, copy, { recursive: true });
    const log = join(copy, 'db', (await named(/\.log$/))[0]!);
    const whole = await readFile(log);
    for (const tail of [[1, 2, 3, 4, 200, 0, 1, 9], [7], Array(100).fill(0) as number[]]) {
      await writeFile(log, Buffer.concat([whole, Buffer.from(tail)]));
      assert.deepEqual((await inspectLevel(join(copy, 'db'), written))?.torn, true);
    }
    await truncate(log, whole.length - 1);
    await assert.rejects(inspectLevel(join(copy, 'db'), written), code('store-damaged'));
    const { lastSequence, torn } = (await inspectLevel(join(copy, 'db'), written - 1))!;
    assert.deepEqual({ lastSequence, torn }, { lastSequence: written - 1, torn: true });
    await rm(copy, { recursive: true });
  });
});

describe('values', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('S5 are noticed to be damaged or in the wrong place when they are read, and when checked', async () => {
    const path = await folder.path;
    const store = await openLevelStore({ folder: path }, (database) => ({
      ...database,
      write: (ops) => database.write(ops.map((op) => (op.type === 'put' ? spoil(op) : op))),
    }));
    const records = store.records('a');
    for (const key of ['good', 'flipped', 'moved']) await records.put(key, utf8('value'));
    await store.logs('a').log('l').appendMany(['good', 'flipped'].map(utf8));
    assert.deepEqual((await records.get('good'))?.value, utf8('value'));
    for (const key of ['flipped', 'moved']) await assert.rejects(records.get(key), code('store-damaged'));
    await assert.rejects(records.replace('moved', utf8('x'), 1), code('store-damaged'));
    await assert.rejects(all(records.range()), code('store-damaged'));
    await assert.rejects(all(store.logs('a').log('l').read()), code('store-damaged'));
    assert.equal((await store.check()).problems.length, 3);
    await store.close();
  });

  type Put = { readonly type: 'put'; readonly key: string; readonly value: Uint8Array };
  function spoil(op: Put): Put {
    if (op.key === ids.record('a', 'moved'))
      return { ...op, value: sealRecord(ids.record('a', 'good'), utf8('value'), 1) };
    if (op.key !== ids.record('a', 'flipped') && op.key !== ids.entry('a', 'l', 1)) return op;
    const value = op.value.slice();
    value[value.length - 1]! ^= 1;
    return { ...op, value };
  }

  it('S5 a missing entry of a log is noticed', async () => {
    const path = join(await folder.path, 'gap');
    const store = await openLevelStore({ folder: path });
    await store.logs('a').log('l').appendMany(['0', '1', '2'].map(utf8));
    await store.close();
    const database = await openDatabase(join(path, 'db'), false);
    await database.write([{ type: 'del', key: ids.entry('a', 'l', 1) }]);
    await database.write([{ type: 'put', key: ids.meta('other'), value: seal(ids.meta('other'), utf8('x')) }]);
    await database.close();
    const again = await openLevelStore({ folder: path });
    await assert.rejects(all(again.logs('a').log('l').read()), code('store-damaged'));
    assert.equal((await again.check()).problems.length, 1);
    await again.close();
  });
});
