import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

type Watch = ReturnType<typeof watch>;

/** The directory has let the peer in again, since `from` events were seen. */
const online = (events: Watch, from: number): Promise<unknown> =>
  events.until((seen) => seen.slice(from).find((event) => event.event === 'directory' && event.state === 'online'));

/** It hears that the directory was set back, and is through with it. */
const told = (events: Watch): Promise<unknown> =>
  events.until((seen) => seen.find((event) => event.event === 'error' && event.code === 'directory-set-back'));

const texts = async (peer: PeerApi, conversation: string): Promise<string[]> =>
  (await peer.history({ conversation, limit: 100 })).map(({ text }) => text);

for (const keepMarks of [true, false]) {
  const where = keepMarks ? 'found by its mark' : 'shown by a device';
  test(`N18 messages that a directory lost by its restore are sent again, ${where}`, async () => {
    const [a, b] = keepMarks ? ['ann', 'ben'] : ['cleo', 'dave'];
    const ann = await town.settle(a!);
    let ben = await town.settle(b!);
    const atAnn = watch(ann);
    const first = watch(ben);
    await ann.send(b!, 'before the copy');
    await first.message('before the copy');
    let from = atAnn.seen.length;
    await town.backUpDirectory();
    await online(atAnn, from);
    await ben.close();
    const sent = await ann.send(b!, 'stored after the copy');
    assert.equal((await ann.waitFor(sent.id, 'stored', 30_000)).state, 'stored');
    from = atAnn.seen.length;
    await town.restoreDirectory(keepMarks);
    await online(atAnn, from);
    await told(atAnn);
    ben = await town.open(b!);
    const atBen = watch(ben);
    await ben.replayUnseen();
    await atBen.message('stored after the copy');
    await ann.send(b!, 'and on');
    await atBen.message('and on');
    await ben.send(a!, 'back');
    await atAnn.message('back');
    assert.deepEqual(await texts(ben, `@${a}`), ['before the copy', 'stored after the copy', 'and on', 'back']);
    await Promise.all([ann.close(), ben.close()]);
  });
}

test('N18 what was said and done in a room after the copy comes back from its members', async () => {
  const owner = await town.owner();
  const [eli, fay, gus] = [await town.settle('eli'), await town.settle('fay'), await town.settle('gus')];
  const room = '#lobby';
  const watches = new Map([owner, eli, fay, gus].map((peer) => [peer, watch(peer)] as const));
  const said = async (by: PeerApi, text: string, to: readonly PeerApi[]): Promise<void> => {
    await by.send(room, text);
    await Promise.all(to.map((peer) => watches.get(peer)!.message(text)));
  };
  for (const peer of [owner, eli, gus]) await peer.groups.join(room);
  await said(eli, 'one', [owner, gus]);
  const reconnected = async (act: () => Promise<void>, peers: readonly PeerApi[]): Promise<void> => {
    const from = new Map(peers.map((peer) => [peer, watches.get(peer)!.seen.length]));
    await act();
    await Promise.all(peers.map((peer) => online(watches.get(peer)!, from.get(peer)!)));
  };
  await reconnected(() => town.backUpDirectory(), [owner, eli, fay, gus]);
  await said(eli, 'two', [owner, gus]);
  await fay.groups.join(room);
  await said(fay, 'three', [owner, eli, gus]);
  await owner.groups.kick(room, 'gus');
  await said(owner, 'four', [eli, fay]);
  await reconnected(() => town.restoreDirectory(), [owner, eli, fay, gus]);
  await Promise.all([owner, eli, fay].map((peer) => told(watches.get(peer)!)));
  await said(eli, 'five', [owner, fay]);
  await said(fay, 'six', [owner, eli]);
  const all = ['one', 'two', 'three', 'four', 'five', 'six'];
  assert.deepEqual(await texts(owner, room), all);
  assert.deepEqual(await texts(eli, room), all);
  const members = (await owner.groups.members(room)).map(({ user }) => user).sort();
  assert.deepEqual(members, ['eli', 'fay', 'owner']);
  const hal = await town.settle('hal');
  const atHal = watch(hal);
  await hal.groups.join(room);
  await atHal.message('two');
  assert.deepEqual(await texts(hal, room), all);
  await Promise.all([owner, eli, fay, gus, hal].map((peer) => peer.close()));
});

test('N18 numbers that a directory used again are told apart, and its groups go on', async () => {
  const room = '#random';
  const names = ['ivy', 'jon', 'kim', 'lea'] as const;
  const people = new Map<string, PeerApi>();
  const watches = new Map<string, Watch>();
  const settle = async (name: string, open = town.open(name)): Promise<void> => {
    const peer = await open;
    people.set(name, peer);
    watches.set(name, watch(peer));
  };
  for (const name of names) await settle(name, town.settle(name));
  const said = async (by: string, text: string, to: readonly string[]): Promise<void> => {
    await people.get(by)!.send(room, text);
    await Promise.all(to.map((name) => watches.get(name)!.message(text)));
  };
  const leave = (some: readonly string[]) => Promise.all(some.map((name) => people.get(name)!.close()));
  for (const name of ['ivy', 'jon', 'lea']) await people.get(name)!.groups.join(room);
  await said('ivy', 'one', ['jon', 'lea']);
  await leave(names);
  await town.backUpDirectory();
  for (const name of ['ivy', 'jon', 'kim']) await settle(name);
  await said('ivy', 'lost', ['jon']);
  // A commit that the restored directory does not know.
  await people.get('kim')!.groups.join(room);
  await said('kim', 'lost too', ['ivy', 'jon']);
  await leave(['ivy', 'jon', 'kim']);
  await town.restoreDirectory();

  await settle('lea');
  await people.get('lea')!.send(room, 'under a number that was used');
  const newcomer = await town.settle('max');
  people.set('max', newcomer);
  watches.set('max', watch(newcomer));
  await newcomer.groups.join(room);
  await said('max', 'in an epoch that was used', ['lea']);
  for (const name of ['ivy', 'jon', 'kim']) await settle(name);
  await people.get('kim')!.groups.join(room);
  await said('ivy', 'and on', ['jon', 'lea', 'max']);
  await said('jon', 'together', ['ivy', 'lea', 'max', 'kim']);
  // With what they find of the history since, their own lines have their places again.
  const meanwhile = ['under a number that was used', 'in an epoch that was used'];
  for (const name of ['ivy', 'jon']) await Promise.all(meanwhile.map((text) => watches.get(name)!.message(text)));
  const order = await texts(people.get('ivy')!, room);
  assert.deepEqual(
    [...order].sort(),
    [
      'one',
      'lost',
      'lost too',
      'under a number that was used',
      'in an epoch that was used',
      'and on',
      'together',
    ].sort(),
  );
  assert.deepEqual(await texts(people.get('jon')!, room), order);
  // Who had been inside by what was lost has no keys of that any more.
  await watches.get('kim')!.message('in an epoch that was used');
  await leave([...names, 'max']);
});
