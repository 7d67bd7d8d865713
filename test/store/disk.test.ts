import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import type { Wrap } from '../../src/store/level/durable.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { LocalStore } from '../../src/store/local.js';
import { Acknowledged } from './acknowledged.js';
import { startChild } from './child.js';
import { temporaryFolder } from './folder.js';
import { all, code } from './support.js';

const MEGABYTE = 1024 * 1024;

/** Runs `work` on a file system in memory of so many bytes; skips the test where it cannot be made. */
async function onSmallDisk(t: TestContext, bytes: number, work: (path: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  const path = await folder.path;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', path]);
  try {
    if (mounted.status !== 0) return t.skip('only root can mount a small file system (Linux)');
    await work(path);
  } finally {
    if (mounted.status === 0) execFileSync('umount', ['-l', path]);
    await folder.remove();
  }
}

/** Appends until a write is refused. */
async function fill(store: LocalStore, values: Map<number, Uint8Array>): Promise<unknown> {
  const log = store.logs('test').log('x');
  for (;;) {
    const batch = Array.from({ length: 8 }, (_, index) => utf8(`${values.size + index} ${'x'.repeat(4000)}`));
    const settled = await Promise.allSettled(batch.map((value) => log.append(value)));
    for (const [index, result] of settled.entries()) {
      if (result.status === 'fulfilled') values.set(result.value, batch[index]!);
    }
    const refused = settled.find(({ status }) => status === 'rejected');
    if (refused?.status === 'rejected') return refused.reason;
  }
}

async function assertHolds(store: LocalStore, values: ReadonlyMap<number, Uint8Array>): Promise<void> {
  const found = new Map(
    (await all(store.logs('test').log('x').read())).map(({ position, value }) => [position, value]),
  );
  for (const [position, value] of values) assert.deepEqual(found.get(position), value, String(position));
}

it('S3 a full disk is told, can be read, loses nothing, and is written again when there is room', async (t) => {
  await onSmallDisk(t, 24 * MEGABYTE, async (disk) => {
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, new Uint8Array(12 * MEGABYTE));
    const folder = join(disk, 'store');
    const values = new Map<number, Uint8Array>();
    let store = await openLevelStore({ folder });
    code('disk-full')(await fill(store, values));
    assert.ok(values.size > 100);
    await assert.rejects(store.records('test').put('k', utf8('v')), code('disk-full'));
    await assert.rejects(store.blobs('test').put('k', [new Uint8Array(4 * MEGABYTE)]), code('disk-full'));
    await assertHolds(store, values);

    await rm(ballast);
    const revision = await store.records('test').put('k', utf8('v'));
    assert.deepEqual(await store.records('test').get('k'), { value: utf8('v'), revision });
    const next = await store.logs('test').log('x').append(utf8('after'));
    values.set(next, utf8('after'));
    await store.blobs('test').put('k', [new Uint8Array(MEGABYTE)]);
    await assertHolds(store, values);
    assert.deepEqual((await store.check()).problems, []);

    code('disk-full')(await fill(store, values));
    await store.close();
    await assert.rejects(openLevelStore({ folder }), code('disk-full'));
    execFileSync('mount', ['-o', `remount,size=${64 * MEGABYTE}`, disk]);
    store = await openLevelStore({ folder });
    await assertHolds(store, values);
    assert.deepEqual((await store.check()).problems, []);
    await store.close();
  });
});

/** Fails every write from the `nth` on, after it was done or instead. */
const failFrom =
  (nth: number, error: Error, done: boolean): Wrap =>
  (database) => {
    let count = 0;
    return {
      get: (id) => database.get(id),
      page: (options) => database.page(options),
      close: () => database.close(),
      async write(ops) {
        if (++count < nth) return database.write(ops);
        if (done) await database.write(ops);
        throw error;
      },
    };
  };

it('S4 after an error of the disk nothing more is acknowledged, until the store is opened anew', async () => {
  for (const done of [false, true]) {
    const folder = temporaryFolder();
    const path = await folder.path;
    try {
      const error = new Error('IO error: 000003.log: Input/output error');
      const store = await openLevelStore({ folder: path }, failFrom(5, error, done));
      const records = store.records('test');
      const log = store.logs('test').log('x');
      for (const key of ['a', 'b', 'c']) await records.put(key, utf8(key));
      const tries = [records.put('d', utf8('d')), records.create('e', utf8('e')), log.append(utf8('f'))];
      for (const attempt of await Promise.allSettled(tries)) {
        assert.equal(attempt.status, 'rejected');
        code('store-failed')((attempt as PromiseRejectedResult).reason);
      }
      await assert.rejects(records.put('g', utf8('g')), code('store-failed'));
      await assert.rejects(records.delete('a'), code('store-failed'));
      await assert.rejects(records.get('a'), code('store-failed'), 'nothing is certain any more');
      await assert.rejects(all(log.read()), code('store-failed'));
      await assert.rejects(store.blobs('test').put('k', [utf8('x')]), code('store-failed'));
      await store.close();
      const again = await openLevelStore({ folder: path });
      for (const key of ['a', 'b', 'c']) assert.deepEqual((await again.records('test').get(key))?.value, utf8(key));
      assert.equal(await again.records('test').get('g'), undefined);
      await again.close();
    } finally {
      await folder.remove();
    }
  }
});

it('S4 when fdatasync reports EIO nothing more is acknowledged, and what was is there', async (t) => {
  if (spawnSync('strace', ['-V']).status !== 0) return t.skip('strace, which injects the error, is not installed');
  const folder = temporaryFolder();
  const path = await folder.path;
  try {
    const inject = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=fdatasync:error=EIO:when=60+'];
    const child = startChild('append', [path, 'eio'], inject);
    await child.ended;
    if (child.lines.length === 0) return t.skip('strace may not trace here');
    assert.equal(child.lines.at(-1), 'failed store-failed');
    const acknowledged = new Acknowledged();
    acknowledged.add(child.lines);
    assert.ok(acknowledged.size > 20);
    const store = await openLevelStore({ folder: path });
    await acknowledged.assertIn(store);
    await store.close();
  } finally {
    await folder.remove();
  }
});

it('O3 without descriptors a write is refused, and the store goes on when there are some', async () => {
  const folder = temporaryFolder();
  const path = await folder.path;
  let exhausted = false;
  const wrap: Wrap = (database) => ({
    ...database,
    async write(ops) {
      if (exhausted) throw new Error('IO error: 000007.log: Too many open files');
      return database.write(ops);
    },
  });
  try {
    const store = await openLevelStore({ folder: path }, wrap);
    const records = store.records('test');
    const first = await records.put('a', utf8('1'));
    exhausted = true;
    await assert.rejects(records.put('a', utf8('2')), code('descriptors-exhausted'));
    assert.deepEqual((await records.get('a'))?.value, utf8('1'));
    exhausted = false;
    await records.replace('a', utf8('3'), first);
    assert.deepEqual((await records.get('a'))?.value, utf8('3'));
    await store.close();
  } finally {
    await folder.remove();
  }
});

it('a read that fails is told as such, and what LevelDB calls corruption as damage', async () => {
  const folder = temporaryFolder();
  const path = await folder.path;
  let error: Error | undefined;
  const wrap: Wrap = (database) => ({
    ...database,
    get: async (id) => (error === undefined ? database.get(id) : Promise.reject(error)),
    page: async (options) => (error === undefined ? database.page(options) : Promise.reject(error)),
  });
  try {
    const store = await openLevelStore({ folder: path }, wrap);
    await store.blobs('a').put('b', [utf8('x')]);
    const { content } = (await store.blobs('a').get('b'))!;
    await rm(join(path, 'blobs'), { recursive: true });
    await assert.rejects(all(content), code('store-damaged'));
    for (const [thrown, expected] of [
      [new Error('IO error: Input/output error'), 'store-unreadable'],
      [Object.assign(new Error('Corruption: bad block'), { code: 'LEVEL_CORRUPTION' }), 'store-damaged'],
    ] as const) {
      error = thrown;
      await assert.rejects(store.records('a').get('k'), code(expected));
      await assert.rejects(store.records('a').create('k', utf8('v')), code(expected));
      await assert.rejects(all(store.records('a').range()), code(expected));
      await assert.rejects(store.logs('a').log('x').append(utf8('v')), code(expected));
      await assert.rejects(store.logs('a').log('x').ends(), code(expected));
    }
    error = undefined;
    assert.equal(await store.logs('a').log('x').append(utf8('v')), 0);
    await store.close();
  } finally {
    await folder.remove();
  }
});

it('X1 all files and folders are for their owner alone', async () => {
  const folder = temporaryFolder();
  const path = join(await folder.path, 'store');
  const before = process.umask(0);
  try {
    await mkdir(path, { mode: 0o755 });
    await chmod(path, 0o755);
    const store = await openLevelStore({ folder: path });
    for (let index = 0; index < 20; index++) await store.records('a').put(`k${index}`, new Uint8Array(400_000));
    await store.blobs('a').put('b', [new Uint8Array(10)]);
    const names = await readdir(path, { recursive: true });
    assert.ok(names.filter((name) => name.endsWith('.ldb')).length > 0, 'LevelDB wrote a table meanwhile');
    for (const name of ['.', ...names]) {
      const { mode } = await stat(join(path, name)).catch((error: unknown) => {
        assert.ok(hasErrno(error, 'ENOENT'), 'only what LevelDB deleted may be gone');
        return { mode: 0 };
      });
      assert.equal(mode & 0o077, 0, `${name} has mode ${(mode & 0o777).toString(8)}`);
    }
    await store.close();
  } finally {
    process.umask(before);
    await folder.remove();
  }
});

const hasErrno = (error: unknown, errno: string): boolean =>
  error instanceof Error && 'code' in error && error.code === errno;
