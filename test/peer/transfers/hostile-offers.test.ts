import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import type { Failure } from '../../../src/base/errors.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import { Transaction } from '../../../src/peer/messaging/transaction.js';
import { openTables, type Tables } from '../../../src/peer/storage/tables.js';
import type { Scheduler } from '../../../src/peer/transfers/scheduler.js';
import { Signalling } from '../../../src/peer/transfers/signalling.js';
import { TransferStore } from '../../../src/peer/transfers/transfer-store.js';
import type { LocalStore, Step } from '../../../src/store/local.js';

import type { TransferContent } from '../../../src/wire/content.js';
import { TRANSFER_FILES } from '../../../src/wire/limits.js';
import { seededRandom } from '../../support/random.js';

/** Offers as no p2pchat makes them, and as many as nobody wants. */

const random = seededRandom('hostile offers');
const FROM = { user: 'mallory', device: 'm1' };

function receiver() {
  const said: string[] = [];
  const steps: Step[] = [];
  const step = {} as Step;
  const tables = { transfers: { put: () => step, remove: () => step } } as unknown as Tables;
  const disk = { write: async (more: Step[]) => void steps.push(...more) } as unknown as LocalStore;
  const entries = new TransferStore({
    tables,
    disk,
    isWatched: () => true,
    emit: (_event: TransferEvent) => {},
    tell: async () => true,
  });
  const running = {
    later: (_entry: unknown, work: () => unknown) => work(),
    start: () => said.push('start'),
    say: async (_entry: unknown, word: string) => said.push(word),
    told: async () => {},
  } as unknown as Scheduler;
  const answers = new Signalling({
    ...{ entries, running, self: { user: 'bob', device: 'b1' }, seeds: { take: () => {} } },
    now: () => 1_000,
    send: async () => {},
    sharedGroup: () => undefined,
    welcome: async () => void said.push('welcome'),
  });
  const take = async (content: TransferContent, from = FROM) => {
    const tx = new Transaction();
    answers.take(from.user, from, content, tx);
    const before = steps.length;
    await tx.commit(disk);
    return steps.slice(before);
  };
  return { entries, said, take };
}

const offer = (manifest: unknown): TransferContent => ({
  type: 'offer',
  transfer: random.bytes(16),
  secret: random.bytes(32),
  manifest: encode(manifest),
  video: false,
  sentAt: 1_000,
  candidates: [],
});

const one = (size: unknown) => ({ files: [{ path: 'f', size }], block: 65_536 });
const many = (count: number) => ({
  files: Array.from({ length: count }, (_, i) => ({ path: `${i}`, size: 0 })),
  block: 65_536,
});

const HOSTILE: readonly [what: string, manifest: unknown][] = [
  ['a size of 2⁶³', one(2n ** 63n)],
  ['a negative size', one(-1)],
  ['a size of no number', one('1')],
  ['a fraction', one(1.5)],
  ['infinity', one(Number.POSITIVE_INFINITY)],
  ['sizes that add up to more than 2⁵³', { files: Array(3).fill({ path: 'f', size: 2 ** 52 }), block: 262_144 }],
  ['more blocks than there may be', one(2 ** 50)],
  ['no files', { files: [], block: 65_536 }],
  ['too many files', many(TRANSFER_FILES + 1)],
  ['a path without end', { files: [{ path: 'x'.repeat(2_000), size: 1 }], block: 65_536 }],
  ['blocks of one byte', { files: [{ path: 'f', size: 1 }], block: 1 }],
  ['a root of five bytes', { files: [{ path: 'f', size: 1 }], block: 65_536, root: random.bytes(5) }],
];

for (const [what, manifest] of HOSTILE) {
  test(`U9 U10 an offer with ${what} is not shown and not kept`, async () => {
    const { take, entries, said } = receiver();
    assert.deepEqual(await take(offer(manifest)), []);
    assert.deepEqual([entries.all(), said], [[], []]);
  });
}

for (const path of ['', '../x', '/etc/passwd', 'a/../../x', 'a\0b']) {
  test(`U11 an offer with the path ${JSON.stringify(path)} is declined and not kept`, async () => {
    const { take, entries, said } = receiver();
    assert.deepEqual(await take(offer({ files: [{ path, size: 1 }], block: 65_536 })), []);
    assert.deepEqual([entries.all(), said], [[], ['decline']]);
  });
}

test('U9 an offer of nothing is one, and unknown fields are passed over', async () => {
  const { take, entries } = receiver();
  assert.equal((await take(offer({ ...one(0), colour: 'green' }))).length, 1);
  assert.equal(entries.all().length, 1);
});

test('P8 of a flood of offers some wait, the rest are declined and not kept', async () => {
  const { take, entries, said } = receiver();
  for (let i = 0; i < 5_000; i++) await take(offer(one(i)));
  assert.equal(entries.all().length, 32);
  assert.equal(said.filter((word) => word === 'decline').length, 5_000 - 32);
});

test('nobody answers for another, resumes what was cancelled here, or takes an id that is in use', async () => {
  const { take, entries } = receiver();
  const first = offer(one(5));
  await take(first);
  const [entry] = entries.all();
  assert.deepEqual(await take({ ...first, manifest: encode(one(6)) } as TransferContent), []);
  const { transfer } = first;
  entry!.row = { ...entry!.row, state: 'accepted' };
  const says = (step: 'cancel' | 'resume' | 'pause', from = FROM) =>
    take({ type: 'answer', transfer, step, candidates: [] }, from);
  assert.deepEqual(await says('cancel', { user: 'eve', device: 'm1' }), []);
  assert.deepEqual(await says('cancel', { user: 'mallory', device: 'm2' }), []);
  assert.equal(entry!.row.state, 'accepted');
  const failure: Pick<Failure, 'code' | 'message' | 'hint'> = { code: 'transfer-cancelled', message: '', hint: '' };
  entry!.row = { ...entry!.row, state: 'failed', failure };
  assert.deepEqual(await says('resume'), []);
  assert.equal(entry!.row.state, 'failed');
});

test('a call about what is over here is answered by how it ended, and about what is paused by that', async () => {
  const { take, entries, said } = receiver();
  const first = offer(one(5));
  await take(first);
  const [entry] = entries.all();
  const { transfer } = first;
  const call = (from = FROM) => take({ type: 'candidates', transfer, candidates: [] }, from);
  const answers = async (row: Partial<NonNullable<typeof entry>['row']>, from = FROM): Promise<string[]> => {
    said.length = 0;
    const { paused: _, ...rest } = entry!.row;
    entry!.row = { ...rest, ...row };
    await call(from);
    return said;
  };
  assert.deepEqual(await answers({ state: 'accepted', paused: 'here' }), ['pause', 'start']);
  assert.deepEqual(await answers({ state: 'accepted' }), ['start']);
  assert.deepEqual(await answers({ state: 'done' }), ['done']);
  const failure = { code: 'transfer-cancelled', message: '', hint: '' };
  assert.deepEqual(await answers({ state: 'failed', failure }), ['cancel']);
  assert.deepEqual(await answers({ state: 'failed', failure }, { user: 'eve', device: 'm1' }), []);
});

test('N1 of the addresses that an earlier version kept those that are none are left out', async () => {
  const rows = new Map<string, Uint8Array>();
  const records = { get: async (key: string) => ({ value: rows.get(key) }) };
  const store = { records: () => records } as unknown as LocalStore;
  const plain = { seal: (_row: string, bytes: Uint8Array) => bytes, open: (_row: string, bytes: Uint8Array) => bytes };
  const { transfers } = openTables(store, { ...plain, blind: (text) => text });
  const good = { host: '192.0.2.7', port: 9 };
  const step = transfers.put(['all', 1], {
    ...{ order: 1, id: random.bytes(16), direction: 'in', user: 'mallory', secret: random.bytes(32) },
    ...{ manifest: encode(one(5)), video: false, createdAt: 1, state: 'accepted' },
    candidates: [{ host: '1.2.3.4%5', port: 9 }, good, { host: 'localhost', port: 0 }],
  });
  if (step.kind === 'put') rows.set(step.key, step.value);
  assert.deepEqual((await transfers.get('all', 1))?.candidates, [good]);
});
