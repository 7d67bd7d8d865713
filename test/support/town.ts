import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { type Directory, type DirectoryOptions, startDirectory } from '../../src/directory/directory.js';
import { registerAccount } from '../../src/peer/account/register.js';
import type { MessageEvent, PeerEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { loginPeer, openPeer } from '../../src/peer/session/open.js';

export const PASSWORD = 'four unlikely words together 7';

/** A directory and people on it, in this process, over real sockets and disks. */
export class Town {
  readonly #folder: string;
  readonly #limits: DirectoryOptions['limits'];
  #directory: Directory | undefined;
  readonly #open: PeerApi[] = [];

  private constructor(folder: string, limits: DirectoryOptions['limits']) {
    this.#folder = folder;
    this.#limits = limits;
  }

  static async build(limits: DirectoryOptions['limits'] = {}): Promise<Town> {
    const town = new Town(await mkdtemp(join(tmpdir(), 'p2pchat-town-')), limits);
    await town.startDirectory();
    return town;
  }

  get link(): string {
    return this.#directory!.link;
  }

  get directory(): Directory {
    return this.#directory!;
  }

  async startDirectory(port = 0): Promise<void> {
    const listen = { host: '127.0.0.1', port };
    const data = join(this.#folder, 'directory');
    const marks = join(this.#folder, 'marks');
    this.#directory = await startDirectory({ data, listen, marks, store: 'level', limits: this.#limits ?? {} });
  }

  /** Copies the directory's folder as its operator does: stopped, whole, started again. */
  async backUpDirectory(): Promise<void> {
    const port = await this.stopDirectory();
    await rm(this.home('directory-copy'), { recursive: true, force: true });
    await cp(this.home('directory'), this.home('directory-copy'), { recursive: true });
    await this.startDirectory(port);
  }

  /** Puts the copy in its place. @param keepMarks false where it goes to a machine that has never seen it */
  async restoreDirectory(keepMarks = true): Promise<void> {
    const port = await this.stopDirectory();
    await rm(this.home('directory'), { recursive: true });
    await cp(this.home('directory-copy'), this.home('directory'), { recursive: true });
    if (!keepMarks) await rm(this.home('marks'), { recursive: true });
    await this.startDirectory(port);
  }

  /** @returns the port to start it at again */
  async stopDirectory(): Promise<number> {
    const { port } = this.directory;
    await this.directory.close();
    this.#directory = undefined;
    return port;
  }

  home(name: string): string {
    return join(this.#folder, name);
  }

  /** Registers and opens. */
  async settle(user: string, invite?: string, home = user): Promise<PeerApi> {
    const account = { home: this.home(home), directory: this.link, user, password: PASSWORD };
    await registerAccount({ ...account, ...(invite !== undefined && { invite }) });
    return this.open(user, home);
  }

  /** The super-admin: the first who redeems the directory's invitation. */
  owner(user = 'owner'): Promise<PeerApi> {
    return this.settle(user, this.directory.ownerInvite);
  }

  async open(user: string, home = user): Promise<PeerApi> {
    const peer = await loginPeer({ ...this.#start(home), user, directory: this.link });
    this.#open.push(peer);
    return peer;
  }

  /** Of somebody who has been here, by a clock of one's own; the directory needn't be there. */
  async openBy(clock: Clock, user: string, home = user): Promise<PeerApi> {
    const peer = await openPeer(this.#start(home), { clock, random: systemRandom });
    this.#open.push(peer);
    return peer;
  }

  #start(home: string) {
    return { home: this.home(home), password: PASSWORD, listen: '127.0.0.1:0' };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((peer) => peer.close()));
    await this.#directory?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** One who waits for what never comes fails, and keeps no whole run waiting. */
const LIMIT_MS = 240_000;
const brief = (event: PeerEvent): string =>
  'text' in event ? `${event.event} ${event.text}` : 'state' in event ? `${event.event} ${event.state}` : event.event;

/** Everything a peer says from now on, and a way to wait for some of it. */
export function watch(peer: PeerApi) {
  const seen: PeerEvent[] = [];
  const waiting = new Set<() => void>();
  peer.subscribe((event) => {
    seen.push(event);
    for (const look of waiting) look();
  });
  const until = <T>(find: (events: readonly PeerEvent[]) => T | undefined): Promise<T> => {
    // Made here, so that it tells who waits.
    const never = new Error(`never came: ${find}`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find(seen);
        if (found === undefined) return;
        waiting.delete(look);
        clearTimeout(limit);
        resolve(found);
      };
      const limit = setTimeout(() => {
        waiting.delete(look);
        never.message += `; the last that came: ${seen.slice(-5).map(brief).join(', ')}`;
        reject(never);
      }, LIMIT_MS).unref();
      waiting.add(look);
      look();
    });
  };
  const texts = (): string[] => seen.flatMap((event) => (event.event === 'message' ? [event.text] : []));
  return {
    seen,
    until,
    texts,
    message: (text: string): Promise<MessageEvent> =>
      until((events) =>
        events.find((event): event is MessageEvent => event.event === 'message' && event.text === text),
      ),
  };
}
