import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { type Directory, startDirectory } from '../../src/directory/directory.js';
import { registerAccount } from '../../src/peer/account.js';
import type { PeerApi } from '../../src/peer/api.js';
import { loginPeer, openPeer } from '../../src/peer/open.js';
import { KEY_PACKAGE_LIFETIME_MS } from '../../src/wire/limits.js';
import { temporaryFolder } from '../support/directory.js';
import { PASSWORD, watch } from '../support/town.js';
import { WarpClock } from '../support/warp.js';

const HOUR = 3_600_000;
const PATIENCE_MS = 60_000;

/** A directory and people on it whose clock the test moves, while programs are closed. */
async function world(t: TestContext) {
  const folder = await temporaryFolder(t);
  const clock = new WarpClock();
  const by = { clock, random: systemRandom };
  const open = new Set<PeerApi>();
  let directory: Directory = await startDirectory({ data: join(folder, 'directory'), clock, listen: loopback(0) });
  const { link, port } = directory;
  t.after(async () => {
    await Promise.all([...open].map((peer) => peer.close()));
    await directory.close();
  });
  const kept = async (peer: PeerApi): Promise<PeerApi> => {
    open.add(peer);
    return peer;
  };
  const options = (home: string) => ({ home: join(folder, home), password: PASSWORD, listen: '127.0.0.1:0' });
  return {
    folder,
    clock,
    register: (user: string, invite?: string) =>
      registerAccount({ ...options(user), directory: link, user, ...(invite !== undefined && { invite }) }, by),
    ownerInvite: directory.ownerInvite,
    open: async (user: string): Promise<PeerApi> => kept(await openPeer(options(user), by)),
    login: async (user: string, home: string): Promise<PeerApi> =>
      kept(await loginPeer({ ...options(home), user, directory: link }, by)),
    close: async (peer: PeerApi): Promise<void> => {
      open.delete(peer);
      await peer.close();
    },
    /** So much time passes for everybody; nobody's program runs meanwhile, nor does the directory. */
    pass: async (ms: number): Promise<void> => {
      assert.equal(open.size, 0, 'a program runs still');
      await directory.close();
      clock.set(ms);
      directory = await startDirectory({ data: join(folder, 'directory'), clock, listen: loopback(port) });
    },
  };
}

const loopback = (port: number) => ({ host: '127.0.0.1', port });
type World = Awaited<ReturnType<typeof world>>;

/** Says it and waits for what the state is when somebody has it. */
async function say(peer: PeerApi, to: string, text: string, until: 'stored' | 'delivered' = 'stored') {
  const { id } = await peer.send(to, text);
  assert.equal((await peer.waitFor(id, until, PATIENCE_MS)).state, until, text);
}

async function acquainted({ register, open, close, ownerInvite }: World, ...others: string[]): Promise<void> {
  await register('ada', ownerInvite);
  for (const user of ['bob', ...others]) await register(user);
  const [ada, bob] = [await open('ada'), await open('bob')];
  const atBob = watch(bob);
  await ada.send('bob', 'day 0');
  await atBob.message('day 0');
  await close(bob);
  await close(ada);
}

async function texts(peer: PeerApi, conversation: string): Promise<string[]> {
  return (await peer.history({ conversation })).map(({ text }) => text);
}

test('C5 what is said to somebody who is away for longer than a certificate lives is there when they come back', async (t) => {
  const town = await world(t);
  await acquainted(town);
  let total = 0;
  for (const hours of [40, 73, 30 * 24]) {
    await town.pass((hours - total) * HOUR);
    total = hours;
    const ada = await town.open('ada');
    await say(ada, 'bob', `after ${hours} hours`);
    await town.close(ada);
  }
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.message('after 720 hours');
  assert.deepEqual(await texts(bob, 'ada'), ['day 0', 'after 40 hours', 'after 73 hours', 'after 720 hours']);
  assert.deepEqual(
    atBob.seen.filter(({ event }) => event === 'error'),
    [],
  );
});

test('C5 a first message to somebody who is away for longer than a certificate lives is there when they come back', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  await town.pass(73 * HOUR);
  const ada = await town.open('ada');
  await say(ada, 'bob', 'first contact');
  await town.close(ada);
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.message('first contact');
});

test('C5 to one who has no keys left a message is not stored for nobody: it waits, and goes when they are there', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  // Longer than any key package lives.
  await town.pass(20 * KEY_PACKAGE_LIFETIME_MS);
  const ada = await town.open('ada');
  const atAda = watch(ada);
  const { id } = await ada.send('bob', 'first contact');
  await atAda.until((events) => events.find((one) => one.event === 'error' && one.code === 'no-key-packages'));
  assert.equal((await ada.waitFor(id, 'queued', 1)).state, 'queued');
  const bob = await town.open('bob');
  await watch(bob).message('first contact');
  await ada.waitFor(id, 'delivered', PATIENCE_MS);
});

test('C5 an offer of a file reaches somebody who was away for longer than a certificate lives', async (t) => {
  const town = await world(t);
  await acquainted(town);
  await town.pass(73 * HOUR);
  const ada = await town.open('ada');
  await mkdir(join(town.folder, 'files'));
  const path = join(town.folder, 'files', 'notes.txt');
  await writeFile(path, 'kept for you');
  await ada.files.offer('bob', [path]);
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.until((events) => events.find((one) => one.event === 'transfer'));
});

/** Two devices of bob, away for so long that neither has keys left; then the desk is there, and ada writes. */
async function laptopMissing(t: TestContext) {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  await town.close(await town.login('bob', 'laptop'));
  await town.pass(20 * KEY_PACKAGE_LIFETIME_MS);
  const desk = await town.open('bob');
  const ada = await town.open('ada');
  const atDesk = watch(desk);
  await say(ada, 'bob', 'one', 'delivered');
  await say(ada, 'bob', 'two', 'delivered');
  await say(desk, 'ada', 'three', 'delivered');
  await atDesk.message('two');
  return { town, desk, ada };
}

test('C5 a second device that could not be added has no hole when it comes back', async (t) => {
  const { town, ada, desk } = await laptopMissing(t);
  // Kept over the end of the program that said it.
  await town.close(ada);
  await town.close(desk);
  await town.open('ada');
  await town.open('bob');
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await Promise.all([atLaptop.message('one'), atLaptop.message('two'), atLaptop.message('three')]);
  assert.deepEqual((await texts(laptop, 'ada')).sort(), ['one', 'three', 'two']);
});

test('C5 what was taken back before a missing device came is not owed to it', async (t) => {
  const { town, ada } = await laptopMissing(t);
  const [first] = await ada.history({ conversation: 'bob' });
  assert.equal(first?.text, 'one');
  await ada.changes.remove(first.id);
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await atLaptop.message('two');
  assert.deepEqual(
    (await texts(laptop, 'ada')).filter((text) => text === 'one'),
    [],
  );
});

test('C5 a second device that was away for longer than its certificate lives stays in the conversation', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.login('bob', 'laptop'));
  const [ada, desk] = [await town.open('ada'), await town.open('bob')];
  await say(ada, 'bob', 'day 0', 'delivered');
  await town.close(desk);
  await town.close(ada);
  for (const day of [4, 8]) {
    await town.pass(4 * 24 * HOUR);
    const [there, at] = [await town.open('ada'), await town.open('bob')];
    await say(there, 'bob', `day ${day}`, 'delivered');
    await town.close(at);
    await town.close(there);
  }
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await atLaptop.message('day 8');
  assert.deepEqual(await texts(laptop, 'ada'), ['day 0', 'day 4', 'day 8']);
});

for (const history of ['joined', 'shared'] as const) {
  test(`C5 posts to a group with ${history} history reach a member who was away for longer than a certificate lives`, async (t) => {
    const town = await world(t);
    await acquainted(town, 'cat');
    const [ada, bob, cat] = [await town.open('ada'), await town.open('bob'), await town.open('cat')];
    const [atBob, atCat] = [watch(bob), watch(cat)];
    await ada.groups.create('den', { kind: 'invite', history });
    for (const user of ['bob', 'cat']) await ada.groups.add('den', user);
    const { id } = await ada.send('#den', 'day 0');
    await ada.waitFor(id, 'stored', PATIENCE_MS);
    await Promise.all([atBob.message('day 0'), atCat.message('day 0')]);
    for (const peer of [ada, bob, cat]) await town.close(peer);
    for (const hours of [73, 27 * 24]) {
      await town.pass(hours * HOUR);
      const [here, there] = [await town.open('ada'), await town.open('cat')];
      const heard = watch(there);
      await say(here, '#den', `after ${hours} more hours`);
      await heard.message(`after ${hours} more hours`);
      await town.close(there);
      await town.close(here);
    }
    const back = await town.open('bob');
    const atBack = watch(back);
    await back.replayUnseen();
    await atBack.message('after 648 more hours');
    assert.deepEqual(await texts(back, '#den'), ['day 0', 'after 73 more hours', 'after 648 more hours']);
  });
}
