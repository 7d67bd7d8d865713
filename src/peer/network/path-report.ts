import { Failure } from '../../base/errors.js';
import type { PresenceState } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { TransferEvent } from '../api/events.js';
import type { PathReport, PathTry } from '../api/paths.js';
import type { Contact, ContactDevice } from '../identity/contacts.js';
import type { Link } from './link.js';
import type { LinkManager } from './link-manager.js';

export interface PathsInit {
  readonly links: LinkManager;
  isOnline(): boolean;
  /** Why the directory can't be used, where that is something else than absence. */
  trouble(): Failure | undefined;
  resolve(user: string): Promise<Contact>;
  transfers(): readonly TransferEvent[];
  /** What of this side would help, where others can't be reached. */
  advice(): string | undefined;
}

/** Each device of a person, and how it is reached: dialled anew where there is no link, so that what it says is so now. */
export async function reportPaths(init: PathsInit, user: string): Promise<PathReport[]> {
  const { links, resolve, transfers } = init;
  const { devices, user: name } = await resolve(user);
  const reports = await Promise.all(devices.map((target) => report(links, target, init)));
  // None of theirs is known here, and there is nobody to ask.
  if (devices.length === 0 && !init.isOnline()) throw new Failure('directory-offline');
  const running = transfers().find(({ peer, state }) => state === 'running' && foldName(peer) === foldName(name));
  if (running === undefined) return reports;
  // Which of the devices it goes to is not told: it stands with the one that is linked.
  const at = Math.max(
    0,
    reports.findIndex(({ address }) => address !== undefined),
  );
  return reports.map((one, index) => (index === at ? { ...one, files: filesOf(running) } : one));
}

const filesOf = ({ path, rtt, loss }: TransferEvent): NonNullable<PathReport['files']> => ({
  ...(path !== undefined && { path }),
  ...(rtt !== undefined && { rtt }),
  ...(loss !== undefined && { loss }),
});

async function report(links: LinkManager, target: ContactDevice, init: PathsInit): Promise<PathReport> {
  const { user, device, state } = target;
  const online = init.isOnline();
  const about = { user, device, state };
  // Who is away by the directory's word is not dialled for nothing.
  if (!links.get(device) && !(online && state === 'offline')) {
    links.mayRetry(device);
    await links.reach(target);
  }
  const link = links.get(device);
  if (link === undefined) return { ...about, ...unreached(links.tries(device), state, init) };
  const rtt = await link.measure();
  return {
    ...about,
    path: link.path,
    address: link.address,
    ...(rtt !== undefined && { rtt }),
    tried: link.dialled ? links.tries(device) : [],
    ...wordsOf(link),
  };
}

/** Why it goes that way, and what would help. */
function wordsOf({ path, tunnelled }: Link): Pick<PathReport, 'why' | 'hint'> {
  if (!tunnelled) return { why: 'This is the best path there is: straight to them, over TCP with TLS 1.3.', hint: '' };
  if (path !== 'relay') return { why: 'None of their addresses lets TCP in: straight to them, over UDP.', hint: '' };
  return {
    why: 'No direct path has been found: messages go by the relay, which can read none of them. One is looked for on.',
    hint: `Routers that choose ports of their own let none be found. ${OPEN_A_PORT}`,
  };
}

type Unreached = Pick<PathReport, 'path' | 'tried' | 'why' | 'hint'>;

function unreached(tried: readonly PathTry[], state: PresenceState, init: PathsInit): Unreached {
  const online = init.isOnline();
  const path = online ? 'mailbox' : 'none';
  if (online && state === 'offline') {
    return {
      ...{ path, tried: [], why: 'They are not there.' },
      hint: 'Messages wait, sealed, at the directory, and reach them when they come.',
    };
  }
  const trouble = init.trouble();
  // By a wrong clock no certificate is believed, theirs neither.
  if (trouble !== undefined) return { path, tried, why: trouble.message, hint: trouble.hint };
  const others = online ? '' : ' The directory is away, too.';
  if (tried.length === 0) {
    return {
      ...{ path, tried, why: `They say no address at which they could be reached.${others}` },
      hint: 'They can give one: p2pchat login --listen 0.0.0.0:4100.',
    };
  }
  return {
    path,
    tried,
    why: `None of their addresses lets us in.${others}`,
    hint: [adviceFor(tried), init.advice()].filter(Boolean).join(' '),
  };
}

const OPEN_A_PORT = 'Have one side open a port: p2pchat login --listen 0.0.0.0:4100, and TCP and UDP 4100 let through.';

function adviceFor(tried: readonly PathTry[]): string {
  if (tried.every(({ result }) => result === 'not dialled')) {
    return `They name only addresses inside their own network, and you are in another one. ${OPEN_A_PORT}`;
  }
  if (tried.some(({ result }) => result === 'somebody else')) {
    return 'Somebody else answers at one of their addresses, which is harmless: have them run p2pchat doctor and look at what it listens at.';
  }
  if (tried.every(({ result }) => result === 'refused')) {
    return 'Nothing listens there any more: have them restart p2pchat, or look at its --listen address.';
  }
  return `A firewall or router is between. ${OPEN_A_PORT}`;
}
