import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hex } from '../../../src/base/bytes.js';
import { systemRandom } from '../../../src/base/random.js';
import { Scope } from '../../../src/base/scope.js';
import { openUploadBlock, sealUploadBlock } from '../../../src/crypto/upload-blocks.js';
import { sealer } from '../../../src/crypto/vault.js';
import { DEFAULT_LIMITS } from '../../../src/directory/limits.js';
import { Uploads } from '../../../src/directory/uploads/uploads.js';
import type { SeedEvent } from '../../../src/peer/api/seeds.js';
import { Transaction } from '../../../src/peer/messaging/transaction.js';
import { openTables } from '../../../src/peer/storage/tables.js';
import { Seeds } from '../../../src/peer/transfers/seeds.js';
import { openMemoryStore } from '../../../src/store/memory/open.js';
import type { TransferContent } from '../../../src/wire/content.js';
import { depositBlockLength, depositBlocks } from '../../../src/wire/deposit-blocks.js';
import type { DirectoryRequest } from '../../../src/wire/directory-request.js';
import { DEPOSIT_BLOCK_BYTES } from '../../../src/wire/limits.js';
import { manifestCodec } from '../../../src/wire/transfer-manifest.js';
import { temporaryFolder } from '../../support/directory.js';
import { WarpClock } from '../../support/warp.js';

const SIZE = 2 * DEPOSIT_BLOCK_BYTES + 1_000;
const LAPTOP = { user: 'ann', device: 'aaaa' };
const BOB = { user: 'bob', device: 'b000' };
const by = { user: 'ann', folded: 'ann' };
const directoryId = 'd'.repeat(43);

/** A keeper of ann's, without a network, and the directory's own store of deposits. */
async function stage(t: TestContext) {
  const folder = await temporaryFolder(t);
  const clock = new WarpClock();
  const [disk, store] = [openMemoryStore(), openMemoryStore()];
  let scope = new Scope();
  const uploads = await Uploads.open({ store, clock, limits: DEFAULT_LIMITS.uploads });
  const told: SeedEvent[] = [];
  let look = (): void => {};
  const answers: Record<string, (params: never) => Promise<unknown>> = {
    'deposits.find': (id: { deposit: Uint8Array }) => uploads.find(id, 'ann'),
    'deposits.get': ({ block, ...id }: { deposit: Uint8Array; block: number }) =>
      uploads.get(id, block, 'ann').then((sealed) => ({ sealed })),
    'deposits.begin': ({ size, to, ...id }: { deposit: Uint8Array; size: number; to: string[] }) =>
      uploads.begin(id, by, size, { to }),
    'deposits.put': ({ block, sealed, ...id }: { deposit: Uint8Array; block: number; sealed: Uint8Array }) =>
      uploads.put(id, 'ann', block, sealed).then(() => ({})),
    'deposits.finish': (id: { deposit: Uint8Array }) => uploads.finish(id, 'ann').then((expires) => ({ expires })),
    'deposits.remove': (id: { deposit: Uint8Array }) =>
      uploads.remove(id, { folded: 'ann', any: false }).then(() => ({})),
  };
  const request = (async (method: string, params: never) => {
    return answers[method]!(params);
  }) as unknown as DirectoryRequest;
  const tables = openTables(disk, sealer(systemRandom.bytes(32), systemRandom));
  /** Another program, in the place of the one before. */
  const open = async (): Promise<Seeds> => {
    await scope.close();
    scope = new Scope();
    const seeds = new Seeds({
      ...{ tables, disk, clock, scope, request, directoryId, self: { user: 'ann', device: 'cccc' }, folder },
      isOnline: () => true,
      emit: (event) => {
        told.push(event);
        look();
      },
      report: (_what, error) => assert.fail(error as Error),
    });
    await seeds.load();
    seeds.begin();
    return seeds;
  };
  t.after(() => scope.close());
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => void (told.length >= count && resolve());
      look();
    });
  return { folder, clock, uploads, disk, told, until, open };
}

async function says(
  seeds: Seeds,
  disk: Parameters<Transaction['commit']>[0],
  from: typeof BOB,
  content: TransferContent,
) {
  const tx = new Transaction();
  seeds.take('bob', from, content, tx);
  await tx.commit(disk);
}

const transfer = new Uint8Array(16).fill(1);
const deposit = new Uint8Array(16).fill(2);
const key = new Uint8Array(32).fill(3);
const place = { directoryId, deposit, size: SIZE };
const offer: TransferContent = {
  ...{ type: 'offer', transfer, secret: new Uint8Array(32), video: false, sentAt: 1, candidates: [] },
  manifest: manifestCodec.encode({ block: 65_536, files: [{ path: 'a', size: SIZE }] } as never),
};

async function lay(uploads: Uploads): Promise<void> {
  await uploads.begin({ deposit }, by, SIZE, { to: ['bob'] });
  for (let block = 0; block < depositBlocks(SIZE); block++) {
    const plain = new Uint8Array(depositBlockLength(SIZE, block)).fill(block);
    await uploads.put({ deposit }, 'ann', block, sealUploadBlock(key, place, block, plain, systemRandom));
  }
  await uploads.finish({ deposit }, 'ann');
}

test('U8 a keeper lays down again what the directory has forgotten, until the receiver has it', async (t) => {
  const { folder, clock, uploads, disk, told, until, open } = await stage(t);
  await lay(uploads);
  let seeds = await open();
  await says(seeds, disk, LAPTOP, offer);
  await says(seeds, disk, LAPTOP, { type: 'deposit', transfer, deposit, key, expires: clock.now() + 1 });
  await until(1);
  assert.deepEqual(told, [{ event: 'seed', id: hex(transfer), user: 'bob', state: 'held', size: SIZE }]);
  // The next program of the keeper goes on.
  seeds = await open();
  clock.leap(DEFAULT_LIMITS.uploads.lifetimeMs + 1);
  await uploads.sweep();
  await until(2);
  assert.equal(told[1]?.state, 'laid');
  const sealed = await uploads.get({ deposit }, 2, 'bob');
  assert.equal(openUploadBlock(key, place, 2, sealed)?.length, 1_000);
  // Of another person, nobody knows it.
  await assert.rejects(uploads.get({ deposit }, 2, 'eve'), { code: 'upload-gone' });
  const answer = { type: 'answer', transfer } as const;
  await says(seeds, disk, BOB, { ...answer, step: 'cancel', reason: 'my disk is full' });
  await says(seeds, disk, LAPTOP, { ...answer, step: 'cancel', device: 'bbbb' });
  assert.ok(existsSync(join(folder, hex(deposit))));
  await says(seeds, disk, BOB, { ...answer, step: 'done' });
  await until(3);
  assert.equal(told[2]?.state, 'released');
  while (existsSync(join(folder, hex(deposit)))) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(uploads.find({ deposit }, 'ann'), { code: 'upload-gone' });
});

test('U8 a keeper keeps no block that does not open, and takes word of it from its own account alone', async (t) => {
  const { folder, uploads, disk, told, open } = await stage(t);
  await uploads.begin({ deposit }, by, SIZE, { to: ['bob'] });
  for (let block = 0; block < depositBlocks(SIZE); block++) {
    const junk = new Uint8Array(depositBlockLength(SIZE, block) + 40);
    await uploads.put({ deposit }, 'ann', block, junk);
  }
  await uploads.finish({ deposit }, 'ann');
  const seeds = await open();
  await says(seeds, disk, BOB, offer);
  await says(seeds, disk, BOB, { type: 'deposit', transfer, deposit, key, expires: 1 });
  assert.deepEqual([told, existsSync(join(folder, hex(deposit)))], [[], false]);
});
