import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../../../src/directory/limits.js';
import { Uploads } from '../../../src/directory/uploads/uploads.js';
import type { PeerEvent, TransferEvent } from '../../../src/peer/api/events.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';

let town: Town;
let ann: PeerApi;
/** The directory's part of it. */
let directory: Uploads;
const ids: { readonly deposit: Uint8Array }[] = [];
const honest = { get: Uploads.prototype.get, put: Uploads.prototype.put };
before(async () => {
  const open = Uploads.open.bind(Uploads);
  Uploads.open = async (init) => {
    const opened = await open(init);
    directory ??= opened;
    const begin = opened.begin.bind(opened);
    opened.begin = (id, ...more) => {
      if ('deposit' in id) ids.push(id);
      return begin(id, ...more);
    };
    return opened;
  };
  town = await Town.build();
  ann = await town.owner('ann');
  for (const name of ['bob', 'eve']) await (await town.settle(name)).close();
});
after(() => town.close());

const file = (name: string, bytes: number): string => {
  const path = join(town.home('ann'), name);
  writeFileSync(path, randomBytes(bytes));
  return path;
};

type Watched = ReturnType<typeof watch>;
const state = (watched: Watched, fits: (event: TransferEvent) => boolean): Promise<TransferEvent> =>
  watched.until((events: readonly PeerEvent[]) =>
    events.find((event): event is TransferEvent => event.event === 'transfer' && fits(event)),
  );
const is = (id: string, name: TransferEvent['state']) => (event: TransferEvent) =>
  event.id === id && event.state === name;
const laid = (id: string) => (event: TransferEvent) => event.id === id && event.laid?.state === 'laid';

/** Laid down by ann for bob, who is away. */
async function leave(to: string, path: string): Promise<string> {
  const told = watch(ann);
  const [offer] = await ann.files.offer(to, [path], { leave: true });
  await state(told, laid(offer!.id));
  return offer!.id;
}

/** Bob is back, and sees the offer. */
async function back(name: string, id: string, home = name) {
  const peer = await town.open(name, home);
  const told = watch(peer);
  await peer.replayUnseen();
  await state(told, laid(id));
  return { peer, told };
}

const lies = {
  alters: async function (this: Uploads, ...args: Parameters<Uploads['get']>) {
    const sealed = Uint8Array.from(await honest.get.apply(this, args));
    sealed[40]! ^= 1;
    return sealed;
  },
  replays: function (this: Uploads, ...[id, block, folded]: Parameters<Uploads['get']>) {
    return honest.get.call(this, id, block === 1 ? 0 : block, folded);
  },
} satisfies Record<string, Uploads['get']>;

/** Holds up whoever waits until it is opened. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

for (const [does, get] of Object.entries(lies)) {
  test(`N30 a directory that ${does} blocks is found out; what was right is kept, and both can go on`, async () => {
    const path = file(`${does}.bin`, 700_000);
    const id = await leave('bob', path);
    await ann.close();
    const { peer: bob, told } = await back('bob', id);
    Uploads.prototype.get = get;
    try {
      await bob.files.accept(id);
      const failed = await state(told, is(id, 'failed'));
      assert.deepEqual([failed.error?.code, failed.files[0]?.path], ['deposit-damaged', undefined]);
      assert.deepEqual(
        readdirSync(join(town.home('bob'), 'downloads')).filter((name) => !name.startsWith('.')),
        [],
      );
    } finally {
      Uploads.prototype.get = honest.get;
    }
    ann = await town.open('ann');
    const hears = watch(ann);
    await ann.replayUnseen();
    assert.ok(ann.files.list().some(is(id, 'failed')), 'the sender hears of it');
    // The directory tells the truth again, or the sender sends it straight: either way it is whole.
    await bob.files.control(id, 'resume');
    const done = await state(told, is(id, 'done'));
    assert.deepEqual(readFileSync(done.files[0]!.path!), readFileSync(path));
    await state(hears, is(id, 'done'));
    rmSync(done.files[0]!.path!);
    await bob.close();
    await freed();
  });
}

/** Nothing is laid down any more. */
async function freed(): Promise<void> {
  while (directory.usage.bytes > 0) await setTimeout(20);
}

/** What lies there is there no more. */
async function drop(): Promise<void> {
  const lain = ids.at(-1)!;
  await directory.remove(lain, { folded: '', any: true });
}

test('N30 a directory that has dropped what was laid down is named by both errors, and the offer stays good', async () => {
  const path = file('dropped.bin', 300_000);
  const id = await leave('bob', path);
  await ann.close();
  const { peer: bob, told } = await back('bob', id);
  await drop();
  await bob.files.accept(id);
  const failed = await state(told, is(id, 'failed'));
  assert.equal(failed.error?.code, 'deposit-gone');
  ann = await town.open('ann');
  await bob.files.control(id, 'resume');
  const done = await state(told, is(id, 'done'));
  assert.deepEqual(readFileSync(done.files[0]!.path!), readFileSync(path));
  await bob.close();
});

test('a directory that was set back and has it no longer gets it again while nobody has come', async () => {
  const id = await leave('bob', file('again.bin', 300_000));
  await drop();
  await ann.close();
  ann = await town.open('ann');
  while (directory.usage.bytes === 0) await setTimeout(20);
  await ann.files.control(id, 'cancel');
  await freed();
});

test('who never comes: both are told, each with its own error, and the room is given back', async () => {
  const lifetimeMs = 3_000;
  const small = await Town.build({ uploads: { ...DEFAULT_LIMITS.uploads, lifetimeMs } });
  const [sender, receiver] = [await small.owner('ann'), await small.settle('bob')];
  await receiver.close();
  const told = watch(sender);
  const path = join(small.home('ann'), 'late.bin');
  writeFileSync(path, randomBytes(10_000));
  const [offer] = await sender.files.offer('bob', [path], { leave: true });
  const failed = await state(told, is(offer!.id, 'failed'));
  assert.equal(failed.error?.code, 'deposit-expired');
  const bob = await small.open('bob');
  const hears = watch(bob);
  await bob.replayUnseen();
  const gone = bob.files.list().find(({ id }) => id === offer!.id) ?? (await state(hears, is(offer!.id, 'failed')));
  assert.deepEqual(
    [gone.state, gone.error?.message],
    ['failed', 'the other side could not go on: nobody fetched it in time'],
  );
  await small.close();
});

test('who comes while it is being laid down takes what lies there, and the rest straight from the sender', async () => {
  const path = file('half.bin', 6_000_000);
  const [half, held] = [gate(), gate()];
  Uploads.prototype.put = async function (...args) {
    if (args[2] >= 12) {
      half.open();
      await held.opened;
    }
    return honest.put.apply(this, args);
  };
  let fetched = 0;
  Uploads.prototype.get = function (...args) {
    fetched++;
    return honest.get.apply(this, args);
  };
  try {
    const sees = watch(ann);
    const [offer] = await ann.files.offer('bob', [path], { leave: true });
    await half.opened;
    const bob = await town.open('bob');
    const told = watch(bob);
    await bob.replayUnseen();
    await state(told, (event) => event.id === offer!.id && event.laid !== undefined);
    await bob.files.accept(offer!.id);
    const done = await state(told, is(offer!.id, 'done'));
    assert.ok(fetched >= 1 && fetched <= 12, `${fetched} blocks from the directory`);
    assert.ok(done.path === 'lan' || done.path === 'direct', 'the rest straight');
    assert.deepEqual(readFileSync(done.files[0]!.path!), readFileSync(path));
    held.open();
    await state(sees, is(offer!.id, 'done'));
    await freed();
    await bob.close();
  } finally {
    held.open();
    Object.assign(Uploads.prototype, honest);
  }
});

test('the rest is laid down while what lay there is fetched, and its sender goes: the rest is fetched too', async () => {
  const path = file('rest.bin', 6_000_000);
  const [half, mayEnd, mayFetch] = [gate(), gate(), gate()];
  Uploads.prototype.put = async function (...args) {
    if (args[2] >= 12) {
      half.open();
      await mayEnd.opened;
    }
    return honest.put.apply(this, args);
  };
  const asked = gate();
  Uploads.prototype.get = async function (...args) {
    asked.open();
    await mayFetch.opened;
    return honest.get.apply(this, args);
  };
  try {
    const sees = watch(ann);
    const [offer] = await ann.files.offer('bob', [path], { leave: true });
    const { id } = offer!;
    await half.opened;
    const bob = await town.open('bob');
    const told = watch(bob);
    await bob.replayUnseen();
    await state(told, (event) => event.id === id && event.laid !== undefined);
    await bob.files.accept(id);
    await asked.opened;
    mayEnd.open();
    await Promise.all([state(sees, laid(id)), state(told, laid(id))]);
    await ann.close();
    mayFetch.open();
    const done = await state(told, is(id, 'done'));
    assert.deepEqual(readFileSync(done.files[0]!.path!), readFileSync(path));
    await bob.close();
    ann = await town.open('ann');
    await freed();
  } finally {
    for (const one of [mayEnd, mayFetch]) one.open();
    Object.assign(Uploads.prototype, honest);
  }
});

test('S3 a full disk stops the fetching with its own error; with room again it goes on', async (t) => {
  const full = join(town.home('bob'), 'full');
  mkdirSync(full, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', full]).status !== 0) {
    return t.skip('only root can mount a small file system (Linux)');
  }
  try {
    const path = file('fills.bin', 12_000_000);
    const id = await leave('bob', path);
    await ann.close();
    const { peer: bob, told } = await back('bob', id);
    // What is there passes the look at the disk, and is filled up then.
    let filled = false;
    Uploads.prototype.get = function (...args) {
      if (!filled) writeFileSync(join(full, 'else'), randomBytes(36_000_000));
      filled = true;
      return honest.get.apply(this, args);
    };
    await bob.files.accept(id, full);
    const failed = await state(told, is(id, 'failed'));
    assert.equal(failed.error?.code, 'disk-full');
    rmSync(join(full, 'else'));
    await bob.files.control(id, 'resume');
    const done = await state(told, is(id, 'done'));
    assert.deepEqual(readFileSync(done.files[0]!.path!), readFileSync(path));
    await bob.close();
    ann = await town.open('ann');
  } finally {
    Uploads.prototype.get = honest.get;
    execFileSync('umount', ['-l', full]);
  }
});
