import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { type Directory, startDirectory } from '../../src/directory/directory.js';
import { registerAccount } from '../../src/peer/account/register.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { loginPeer, openPeer } from '../../src/peer/session/open.js';
import { temporaryFolder } from './directory.js';
import { PASSWORD, watch } from './town.js';
import { WarpClock } from './warp.js';

export const HOUR = 3_600_000;
export const PATIENCE_MS = 60_000;

/** A directory and people on it whose clock the test moves, while programs are closed. */
export async function world(t: TestContext) {
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
  const elapse = async (ms: number): Promise<void> => {
    await directory.close();
    clock.set(ms);
    directory = await startDirectory({ data: join(folder, 'directory'), clock, listen: loopback(port) });
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
      await elapse(ms);
    },
    /** Programs that run do so still, as on machines that were asleep; nothing happened meanwhile. */
    sleep: elapse,
    /** Another one listens at the address while the directory is away; the function it gives back puts that right. */
    replaceDirectory: async (): Promise<() => Promise<void>> => {
      await directory.close();
      directory = await startDirectory({ data: join(folder, 'another'), clock, listen: loopback(port) });
      return () => elapse(0);
    },
    /** By a clock of one's own. */
    openBy: async (own: WarpClock, user: string): Promise<PeerApi> =>
      kept(await openPeer(options(user), { clock: own, random: systemRandom })),
  };
}

const loopback = (port: number) => ({ host: '127.0.0.1', port });
type World = Awaited<ReturnType<typeof world>>;

/** Says it and waits for what the state is when somebody has it. */
export async function say(peer: PeerApi, to: string, text: string, until: 'stored' | 'delivered' = 'stored') {
  const { id } = await peer.send(to, text);
  assert.equal((await peer.waitFor(id, until, PATIENCE_MS)).state, until, text);
}

export async function acquainted({ register, open, close, ownerInvite }: World, ...others: string[]): Promise<void> {
  await register('ada', ownerInvite);
  for (const user of ['bob', ...others]) await register(user);
  const [ada, bob] = [await open('ada'), await open('bob')];
  const atBob = watch(bob);
  await ada.send('bob', 'day 0');
  await atBob.message('day 0');
  await close(bob);
  await close(ada);
}

export async function texts(peer: PeerApi, conversation: string): Promise<string[]> {
  return (await peer.history({ conversation })).map(({ text }) => text);
}
