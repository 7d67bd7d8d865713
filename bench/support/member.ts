/**
 * A person of a bench, in a process of its own with an IPC channel: `member HOME USER LINK PASSWORD [INVITE]`. Does what it
 * is told and says when each message came, by process.hrtime's clock, which is one for all processes.
 */

import { registerAccount } from '../../src/peer/account/register.js';
import { loginPeer } from '../../src/peer/session/open.js';

export type Order =
  | { readonly what: 'join'; readonly group: string }
  | { readonly what: 'create'; readonly group: string }
  | { readonly what: 'send'; readonly group: string; readonly text: string }
  /** So many messages, each into the queue when the one before is there; answers when the last has its place. */
  | { readonly what: 'fill'; readonly group: string; readonly count: number }
  /** What came since it was last asked, and when. */
  | { readonly what: 'heard' }
  /** Answers when so many lines of the group are here. */
  | { readonly what: 'whole'; readonly group: string; readonly count: number }
  | { readonly what: 'used' };

export interface Heard {
  readonly text: string;
  readonly at: string;
  readonly history: boolean;
}

/** `at`: when the call was made. Times in nanoseconds, as text. */
export type Told =
  | { readonly ready: string }
  | { readonly heard: readonly Heard[] }
  | {
      readonly done: string;
      readonly at: string;
      readonly ended: string;
      readonly cpu: number;
      readonly system: number;
      readonly rss: number;
    };

const tell = (told: Told): void => void process.send!(told);
/** Kept here until it is asked for, so that telling it takes no time of what is measured. */
const heard: Heard[] = [];
const now = (): string => String(process.hrtime.bigint());

const [home, user, directory, password, invite] = process.argv.slice(2) as [string, string, string, string, string?];
await registerAccount({ home, user, directory, password, ...(invite && { invite }) });
const peer = await loginPeer({ home, user, password, listen: '127.0.0.1:0' });
peer.subscribe((event) => {
  if (event.event === 'message') heard.push({ text: event.text, at: now(), history: event.history === true });
  if (event.event === 'error') console.error(`${user}: ${event.code}: ${event.message}`);
});

async function follow(order: Order): Promise<void> {
  if (order.what === 'join') await peer.groups.join(order.group);
  if (order.what === 'create') await peer.groups.create(order.group, { kind: 'open', history: 'shared' });
  if (order.what === 'send') await peer.send(`#${order.group}`, order.text);
  if (order.what === 'heard') tell({ heard: heard.splice(0) });
  if (order.what === 'whole') {
    const lines = { conversation: `#${order.group}`, limit: order.count };
    while ((await peer.history(lines)).length < order.count) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (order.what !== 'fill') return;
  let last = '';
  for (let at = 0; at < order.count; at++) last = (await peer.send(`#${order.group}`, `line ${at}`)).id;
  await peer.waitFor(last, 'stored', 600_000);
}

process.on('message', async (order: Order) => {
  const at = now();
  await follow(order);
  const { user: busy, system } = process.cpuUsage();
  tell({
    done: order.what,
    at,
    ended: now(),
    cpu: (busy + system) / 1e3,
    system: system / 1e3,
    rss: process.memoryUsage.rss(),
  });
});
process.on('disconnect', () => void peer.close());
tell({ ready: user });
