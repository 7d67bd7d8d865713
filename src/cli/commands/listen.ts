import { resolve } from 'node:path';
import { Failure, hasCode } from '../../base/errors.js';
import type { ControlClient } from '../../control/client.js';
import { readyEvent } from '../../control/peer-methods.js';
import type { OpenPeer } from '../../peer/api/account.js';
import type { PeerEvent } from '../../peer/api/events.js';
import type { AcceptMode, ReceiveOptions } from '../../peer/api/peer.js';
import { eventLines } from '../events.js';
import { assertTakes } from '../folder.js';
import { numberOption, openInit, type PeerOptions } from '../options.js';
import { after, endedBy, notWatchable, openProfile, reach } from '../session.js';
import type { Shell } from '../shell.js';

export interface ListenOptions extends PeerOptions {
  readonly count?: string | undefined;
  readonly timeout?: string | undefined;
  readonly accept?: AcceptMode | undefined;
  readonly to?: string | undefined;
}

const receiving = ({ accept, to }: ListenOptions): ReceiveOptions => ({
  ...(accept !== undefined && { accept }),
  ...(to !== undefined && { folder: resolve(to) }),
});

/** What comes beyond the count is not shown, and stays for the next who listens. */
const enoughShown = (): Error => new Error('as many messages were shown as were asked for');

/** Prints events and knows when there have been enough. */
class Watcher {
  readonly #shell: Shell;
  readonly #count: number | undefined;
  #seen = 0;
  #settle!: () => void;
  /** Resolves when `count` messages have been printed. */
  readonly enough: Promise<void>;

  constructor(shell: Shell, count: number | undefined) {
    this.#shell = shell;
    this.#count = count;
    this.enough = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (count === 0) this.#settle();
  }

  get satisfied(): boolean {
    return this.#count === undefined || this.#seen >= this.#count;
  }

  /** Resolves when it was read, and is rejected where nobody does. */
  async show(event: PeerEvent): Promise<void> {
    if (event.event === 'message' && !event.hidden && this.#count !== undefined) {
      if (this.#seen >= this.#count) throw enoughShown();
      this.#seen++;
    }
    const read = this.#shell.hand(event, eventLines(event, this.#shell.clock.now()));
    if (this.#count !== undefined && this.#seen >= this.#count) this.#settle();
    await read;
  }
}

interface Watching {
  /** Settles when there is nothing more to watch. */
  readonly ended: Promise<void>;
}

const sessionEnded = (): Failure =>
  new Failure('session-ended', 'The session that was listened to has ended.', {
    hint: 'Start it again, or listen again: then this command opens the profile itself.',
  });

async function watchThrough(client: ControlClient, watcher: Watcher, files: ReceiveOptions): Promise<Watching> {
  client.onNotification = (method, { event }) => {
    if (method === 'event') watcher.show(event as PeerEvent).catch(() => {});
  };
  await client.call('subscribe', {}).catch((error) => {
    throw hasCode(error, 'method-unknown') ? notWatchable() : error;
  });
  await client.call('receive', { ...files });
  return {
    ended: client.ended.then(() => {
      throw sessionEnded();
    }),
  };
}

async function watchHere(shell: Shell, init: OpenPeer, watcher: Watcher, files: ReceiveOptions): Promise<Watching> {
  const { openPeer } = await shell.parts.peer();
  const { peer } = await openProfile(shell, () => openPeer(init), { stays: true });
  watcher.show(readyEvent(peer)).catch(() => {});
  shell.scope.defer(
    peer.subscribe((event) => {
      return event.event === 'ready' ? undefined : watcher.show(event);
    }),
  );
  peer.files.receive(files);
  await peer.replayUnseen();
  return { ended: peer.ended.then(() => endedBy(peer)) };
}

const tooFew = (): Failure => new Failure('listen-timeout');

/** Prints events until there have been `count` messages, `timeout` seconds are over, or it is told to end. */
export async function listen(shell: Shell, options: ListenOptions): Promise<void> {
  if (options.to !== undefined) await assertTakes(resolve(options.to));
  const watcher = new Watcher(shell, numberOption('count', options.count, true));
  const timeout = numberOption('timeout', options.timeout, false);
  shell.endsWell();
  const over = timeout === undefined ? new Promise<never>(() => {}) : after(shell, timeout * 1000);
  let asked: Promise<OpenPeer> | undefined;
  const watching = reach<Watching>(
    shell,
    (client) => watchThrough(client, watcher, receiving(options)),
    async () => {
      asked ??= openInit(shell, options);
      return watchHere(shell, await asked, watcher, receiving(options));
    },
    timeout === undefined ? undefined : (timeout * 1_000) / 2,
  );
  const ended = watching.then((watched) => watched.ended);
  await Promise.race([ended, watcher.enough, over]);
  if (!watcher.satisfied) throw tooFew();
}
