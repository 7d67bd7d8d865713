import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../../src/base/random.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

/** What people do with transfers, between three peers that share a group. */

const town = await Town.build();
after(() => town.close());
const ada = await town.owner('ada');
let [bob, cat] = [await town.settle('bob'), await town.settle('cat')];
await mkdir(town.home('files'), { recursive: true });

function file(name: string, bytes: number): string {
  const path = join(town.home('files'), name);
  writeFileSync(path, systemRandom.bytes(bytes));
  return path;
}

type Watched = ReturnType<typeof watch>;
type Wanted = Partial<Pick<TransferEvent, 'state' | 'id' | 'pausedBy' | 'direction'>>;

const transfer = (watched: Watched, wanted: Wanted): Promise<TransferEvent> =>
  event(watched, 'transfer', (one) =>
    (Object.entries(wanted) as [keyof Wanted, string][]).every(([key, value]) => one[key] === value),
  );
const stateOf = (peer: PeerApi, id: string) => peer.files.list().find((event) => event.id === id);

/** Ten seconds long, so that its middle can be met. */
async function underWay(): Promise<{ id: string; atAda: Watched; atBob: Watched; folder: string }> {
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const folder = join(town.home('bob'), `in-${systemRandom.bytes(4).join('')}`);
  const [offer] = await ada.files.offer('bob', [file('long.bin', 10_000_000)], { rate: 1e6 });
  const { id } = offer!;
  await transfer(atBob, { state: 'offered', id });
  await bob.files.accept(id, folder);
  await transfer(atBob, { state: 'running', id });
  return { id, atAda, atBob, folder };
}

test('what both have paused goes on when both have resumed; only who paused can resume', async () => {
  const { id, atAda, atBob } = await underWay();
  await ada.files.control(id, 'pause');
  await transfer(atBob, { state: 'paused', pausedBy: 'there', id });
  await assert.rejects(bob.files.control(id, 'resume'), { code: 'transfer-paused-there' });
  await bob.files.control(id, 'pause');
  await transfer(atAda, { state: 'paused', pausedBy: 'both', id });
  await ada.files.control(id, 'resume');
  assert.equal(stateOf(ada, id)?.pausedBy, 'there');
  await transfer(atBob, { state: 'paused', pausedBy: 'here', id });
  const before = atAda.seen.length;
  await bob.files.control(id, 'resume');
  await atAda.until((events) =>
    events.slice(before).find((event) => event.event === 'transfer' && event.state === 'running'),
  );
  await bob.files.control(id, 'cancel');
  await transfer(atAda, { state: 'failed', id });
});

test('what was paused rests in the next program too, and what was cancelled stays so', async () => {
  const { id, atAda } = await underWay();
  await bob.files.control(id, 'pause');
  await transfer(atAda, { state: 'paused', pausedBy: 'there', id });
  await bob.close();
  bob = await town.open('bob');
  assert.deepEqual([stateOf(bob, id)?.state, stateOf(bob, id)?.pausedBy], ['paused', 'here']);
  const atBob = watch(bob);
  await bob.files.control(id, 'resume');
  await transfer(atBob, { state: 'running', id });
  await bob.files.control(id, 'cancel');
  await transfer(atAda, { state: 'failed', id });
  await assert.rejects(ada.files.control(id, 'resume'), { code: 'transfer-over' });
  await assert.rejects(bob.files.control(id, 'resume'), { code: 'transfer-over' });
});

test('to a group: each member is offered it as of the group, who declines gets nothing, the others all of it', async () => {
  const watched = { bob: watch(bob), cat: watch(cat), ada: watch(ada) };
  await ada.groups.create('team');
  for (const user of ['bob', 'cat']) await ada.groups.add('team', user);
  const joined = (at: Watched, user: string) => event(at, 'group', (one) => one.user === user);
  await Promise.all([joined(watched.bob, 'bob'), joined(watched.cat, 'cat')]);
  const path = file('plan.pdf', 300_000);
  const offers = await ada.files.offer('#team', [path]);
  assert.deepEqual(offers.map(({ peer, conversation }) => [peer, conversation]).sort(), [
    ['bob', '#team'],
    ['cat', '#team'],
  ]);
  const [atBob, atCat] = [
    await transfer(watched.bob, { state: 'offered', direction: 'in' }),
    await transfer(watched.cat, { state: 'offered', direction: 'in' }),
  ];
  assert.deepEqual([atBob.conversation, atCat.conversation, atCat.peer], ['#team', '#team', 'ada']);
  await bob.files.decline(atBob.id);
  await cat.files.accept(atCat.id, join(town.home('cat'), 'in'));
  const done = await transfer(watched.cat, { state: 'done', id: atCat.id });
  assert.ok(readFileSync(done.files[0]!.path!).equals(readFileSync(path)));
  await transfer(watched.ada, { state: 'done', id: atCat.id });
  await transfer(watched.ada, { state: 'declined', id: atBob.id });
  await assert.rejects(ada.files.offer('#nowhere', [path]), { code: 'group-unknown' });
});

test('a rule takes files of one person up to a size and so much a day; beyond, they are asked about', async () => {
  await bob.files.setRule({ who: 'Ada', upTo: 100_000, perDay: 150_000 });
  const folder = join(town.home('bob'), 'taken');
  bob.files.receive({ folder });
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const send = async (name: string, bytes: number): Promise<string> =>
    (await ada.files.offer('bob', [file(name, bytes)]))[0]!.id;
  const small = await send('small', 90_000);
  await transfer(atAda, { state: 'done', id: small });
  const [large, second] = [await send('large', 100_001), await send('second', 90_000)];
  const third = await send('third', 50_000);
  await transfer(atAda, { state: 'done', id: third });
  assert.deepEqual(readdirSync(folder).sort(), ['small', 'third']);
  for (const id of [large, second]) assert.equal(stateOf(bob, id)?.state, 'offered');
  const fromCat = (await cat.files.offer('bob', [file('other', 10)]))[0]!.id;
  await transfer(atBob, { state: 'offered', id: fromCat });
  assert.equal(stateOf(bob, fromCat)?.state, 'offered');
  assert.deepEqual(await bob.files.rules(), [{ who: 'ada', upTo: 100_000, perDay: 150_000 }]);
  await bob.files.setRule({ who: 'ada', upTo: 0 });
  for (const id of [large, second, fromCat]) await bob.files.decline(id);
});

test('U9 what does not fit on the disk is not accepted: it stays an offer, and nothing is written', async () => {
  const huge = file('huge.bin', 0);
  truncateSync(huge, 3 * 2 ** 40);
  if (statSync(huge).size !== 3 * 2 ** 40) return;
  const folder = join(town.home('bob'), 'huge');
  const atBob = watch(bob);
  const { id } = (await ada.files.offer('bob', [huge]))[0]!;
  await transfer(atBob, { state: 'offered', id });
  await assert.rejects(bob.files.accept(id, folder), { code: 'disk-full', reason: 'limit' });
  bob.files.receive({ accept: 'all', folder });
  await event(atBob, 'error', (one) => one.code === 'disk-full');
  assert.equal(stateOf(bob, id)?.state, 'offered');
  assert.equal(existsSync(folder), false);
  bob.files.receive({ accept: 'none' });
  await bob.files.decline(id);
});

test('a speed is remembered and holds for what says nothing else, and the trace tells of it', async () => {
  await ada.files.setSpeed({ rate: 2e6 });
  await bob.files.setRule({ who: 'all', upTo: 10_000_000 });
  bob.files.receive({ folder: join(town.home('bob'), 'slow') });
  const atAda = watch(ada);
  const trace = join(town.home('files'), 'trace.qlog');
  const { id } = (await ada.files.offer('bob', [file('slow.bin', 2_000_000)], { trace }))[0]!;
  await transfer(atAda, { state: 'done', id });
  const reasons = atAda.seen.flatMap((event) => (event.event === 'transfer' ? [event.reason] : []));
  assert.ok(reasons.includes('given'), JSON.stringify(reasons));
  const { traces, ...head } = JSON.parse(readFileSync(trace, 'utf8'));
  assert.deepEqual([head.qlog_version, head.qlog_format], ['0.3', 'JSON']);
  const names = new Set(traces[0].events.map(({ name }: { name: string }) => name));
  for (const name of ['transport:packet_sent', 'transport:packet_received', 'recovery:metrics_updated'])
    assert.ok(names.has(name), name);
  const nowhere = ada.files.offer('bob', [file('traced', 1)], { trace: join(town.home('files'), 'no', 'where.qlog') });
  await assert.rejects(nowhere, { code: 'trace-unwritable' });
  assert.deepEqual(await ada.files.speed(), { rate: 2e6 });
  await ada.files.setSpeed({});
  assert.deepEqual(await ada.files.speed(), {});
});
