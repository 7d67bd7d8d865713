import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemRandom } from '../../../src/base/random.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import type { OfferOptions, PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';

/** Sizes at the edges, many at once, and every stage at which one side may change its mind. */

let town: Town;
let ada: PeerApi;
let bob: PeerApi;
let cat: PeerApi;
let files: string;
let inbox: string;
before(async () => {
  town = await Town.build();
  ada = await town.owner('ada');
  [bob, cat] = [await town.settle('bob'), await town.settle('cat')];
  [files, inbox] = [town.home('files'), join(town.home('bob'), 'in')];
});
after(() => town.close());

function file(name: string, bytes: number): string {
  const path = join(files, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, systemRandom.bytes(bytes));
  return path;
}

type Wanted = Partial<Pick<TransferEvent, 'state' | 'id' | 'direction' | 'pausedBy'>> & { readonly waiting?: string };
type Watched = ReturnType<typeof watch>;

const fits = (event: TransferEvent, { waiting, ...wanted }: Wanted): boolean =>
  (waiting === undefined || event.waiting?.code === waiting) &&
  (Object.entries(wanted) as [keyof typeof wanted, string][]).every(([key, value]) => event[key] === value);
const heard = (at: Watched, wanted: Wanted): Promise<TransferEvent> =>
  at.until((events) =>
    events.find((event): event is TransferEvent => event.event === 'transfer' && fits(event, wanted)),
  );

async function offered(paths: readonly string[], options: OfferOptions = {}) {
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const [{ id } = { id: '' }] = await ada.files.offer('bob', paths, options);
  await heard(atBob, { state: 'offered', id });
  return { id, atAda, atBob };
}

async function sent(paths: readonly string[], options: OfferOptions = {}): Promise<TransferEvent> {
  const { id, atAda, atBob } = await offered(paths, options);
  await bob.files.accept(id, inbox);
  await heard(atAda, { state: 'done', id });
  return heard(atBob, { state: 'done', id });
}

test('an empty file, one of a whole block and one of a byte more arrive as they are, alone and together', async () => {
  const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072];
  const paths = sizes.map((size) => file(`edge/${size}`, size));
  for (const path of paths.slice(0, 1)) {
    const { files: placed } = await sent([path]);
    assert.equal(readFileSync(placed[0]!.path!).length, 0);
  }
  const { files: placed } = await sent(paths);
  for (const [i, { path }] of placed.entries()) assert.ok(readFileSync(path!).equals(readFileSync(paths[i]!)));
});

test('2,000 files in folders arrive in one transfer, and names that are there already get a number', async () => {
  for (let i = 0; i < 2_000; i++) file(`many/${i % 40}/of these ${i}`, i % 7 === 0 ? 0 : i);
  const first = await sent([join(files, 'many')]);
  assert.equal(first.files.length, 2_000);
  for (const { name, path } of first.files)
    assert.ok(readFileSync(path!).equals(readFileSync(join(files, name))), name);
  const second = await sent([join(files, 'many')]);
  assert.ok(second.files.every(({ path }) => path!.startsWith(join(inbox, 'many (2)'))));
  assert.deepEqual(
    readdirSync(inbox).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a file that changes while its transfer is paused is not sent on: both are told, and offered anew it goes', async () => {
  const path = file('changing.bin', 4_000_000);
  const { id, atAda, atBob } = await offered([path], { rate: 1e6 });
  await bob.files.accept(id, inbox);
  await heard(atBob, { state: 'running', id });
  await ada.files.control(id, 'pause');
  await heard(atBob, { state: 'paused', id });
  appendFileSync(path, 'more');
  await ada.files.control(id, 'resume');
  const [here, there] = [await heard(atAda, { state: 'failed', id }), await heard(atBob, { state: 'failed', id })];
  assert.equal(here.error?.code, 'source-changed');
  assert.match(String(there.error?.message), /has changed|changed since/);
  assert.equal(existsSync(join(inbox, 'changing.bin')), false);
  await bob.files.control(id, 'cancel');
  assert.deepEqual(
    readdirSync(inbox).filter((name) => name.startsWith('.')),
    [],
  );
  await sent([path]);
  assert.ok(readFileSync(join(inbox, 'changing.bin')).equals(readFileSync(path)));
});

const STAGES = ['offered', 'running', 'paused'] as const;
for (const stage of STAGES) {
  for (const side of ['sender', 'receiver'] as const) {
    test(`called off by the ${side} while it is ${stage}, it is over on both sides, and nothing of it stays`, async () => {
      const name = `off-${stage}-${side}.bin`;
      const { id, atAda, atBob } = await offered([file(name, 4_000_000)], { rate: 1e6 });
      if (stage !== 'offered') {
        await bob.files.accept(id, inbox);
        await heard(atBob, { state: 'running', id });
      }
      if (stage === 'paused') {
        await bob.files.control(id, 'pause');
        await heard(atAda, { state: 'paused', id });
      }
      const [own, other, atOther] = side === 'sender' ? [ada, bob, atBob] : [bob, ada, atAda];
      if (stage === 'offered' && side === 'receiver') await own.files.decline(id);
      else await own.files.control(id, 'cancel');
      const state = stage === 'offered' && side === 'receiver' ? 'declined' : 'failed';
      await heard(atOther, { state, id });
      for (const peer of [own, other]) {
        await assert.rejects(peer.files.control(id, 'resume'), { code: 'transfer-over' });
        await assert.rejects(peer.files.control(id, 'cancel'), { code: 'transfer-over' });
      }
      await assert.rejects(bob.files.accept(id, inbox), { code: 'transfer-not-offered' });
      assert.deepEqual(
        existsSync(inbox) ? readdirSync(inbox).filter((one) => one === name || one.startsWith('.')) : [],
        [],
      );
    });
  }
}

test('of many at once six run and the rest wait their turn, said why; two ways at once neither waits for the other', async () => {
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) {
    const [offer] = await ada.files.offer('bob', [file(`queue-${i}`, 400_000)], { rate: 400_000 });
    ids.push(offer!.id);
    await heard(atBob, { state: 'offered', id: offer!.id });
    await bob.files.accept(offer!.id, inbox);
  }
  const queued = await heard(atAda, { waiting: 'transfer-queued' });
  assert.match(String(queued.waiting?.hint), /when one of them is over/);
  const [back] = await bob.files.offer('ada', [file('back', 100_000)]);
  await heard(atAda, { state: 'offered', id: back!.id });
  await ada.files.accept(back!.id, join(town.home('ada'), 'in'));
  await heard(atBob, { state: 'done', id: back!.id });
  assert.ok(
    ids.some((id) => ada.files.list().find((event) => event.id === id)!.state !== 'done'),
    'it came last',
  );
  for (const id of ids) await heard(atAda, { state: 'done', id });
});

test('who is away when a group is offered something finds the offer later, and gets it then', async () => {
  await ada.groups.create('crew');
  const [atAda, atBob, joined] = [watch(ada), watch(bob), watch(cat)];
  for (const user of ['bob', 'cat']) await ada.groups.add('crew', user);
  for (const at of [atBob, joined])
    await at.until((events) => events.find((event) => event.event === 'group' && event.group === '#crew'));
  await cat.close();
  const path = file('for all.pdf', 200_000);
  const offers = await ada.files.offer('#crew', [path]);
  assert.deepEqual(offers.map(({ peer }) => peer).sort(), ['bob', 'cat']);
  const [forBob, forCat] = ['bob', 'cat'].map((user) => offers.find(({ peer }) => peer === user)!.id);
  await heard(atBob, { state: 'offered', id: forBob! });
  await bob.files.decline(forBob!);
  cat = await town.open('cat');
  const atCat = watch(cat);
  await atCat.until(() => cat.files.list().find(({ id }) => id === forCat));
  const folder = join(town.home('cat'), 'in');
  await cat.files.accept(forCat!, folder);
  await heard(atCat, { state: 'done', id: forCat! });
  assert.ok(readFileSync(join(folder, 'for all.pdf')).equals(readFileSync(path)));
  await heard(atAda, { state: 'declined', id: forBob! });
  await heard(atAda, { state: 'done', id: forCat! });
});
