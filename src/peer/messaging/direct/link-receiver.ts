import { hasCode } from '../../../base/errors.js';
import type { PeerMethods } from '../../../wire/peer-link.js';
import type { Params } from '../../../wire/rpc.js';
import type { Link } from '../../network/link.js';
import type { Core } from '../../session/core.js';
import type { Incoming } from './receiver.js';

export interface LinkReceiverInit {
  core(): Core;
  isOnline(): boolean;
  /** The mailbox has been emptied: what was in it is older. */
  caughtUp(): Promise<void>;
}

/** Messages as they come over links. */
export class LinkReceiver {
  readonly #init: LinkReceiverInit;
  readonly #taking = new WeakMap<Link, Promise<unknown>>();

  constructor(init: LinkReceiverInit) {
    this.#init = init;
  }

  /** One after the other, as they were sent: one that has to wait for its Welcome is not overtaken. */
  async deliver({ id, group, sealed }: Params<PeerMethods, 'deliver'>, link: Link): Promise<void> {
    const incoming = { id, group, sealed, via: 'direct' } as const;
    const before = this.#taking.get(link) ?? this.#init.caughtUp();
    const taken = before.then(() => this.#takeIn(incoming));
    this.#taking.set(
      link,
      taken.catch(() => {}),
    );
    await (await taken).done;
  }

  async #takeIn(incoming: Incoming): Promise<{ done: Promise<unknown> }> {
    const core = this.#init.core();
    if (await core.named.takeAside(incoming)) return { done: Promise.resolve() };
    try {
      return await core.inbox.take(incoming);
    } catch (error) {
      // The Welcome into this group may be in the mailbox, on its way past the message.
      if (!hasCode(error, 'group-unknown') || !this.#init.isOnline()) throw error;
      await core.drainMailbox();
      return core.inbox.take(incoming);
    }
  }
}
