import type { CrlDelta, DirectoryNotices, Role } from '../../wire/directory.js';
import { KEY_PACKAGES_LOW } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { Notice, NoticeName } from '../../wire/rpc.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { LinkManager } from '../network/link-manager.js';
import type { Core } from './core.js';

export interface NoticeHandlersInit {
  readonly self: LocalDevice;
  core(): Core;
  readonly links: LinkManager;
  learnCrl(der: Uint8Array): Promise<void>;
  learnChanges(delta: CrlDelta): Promise<void>;
}

/** What the directory tells unasked, and what this device does about it. */
export class NoticeHandlers {
  readonly #init: NoticeHandlersInit;

  constructor(init: NoticeHandlersInit) {
    this.#init = init;
  }

  /** @throws Failure where what it asks for could not be done now */
  async take(notice: NoticeName<DirectoryNotices>, params: unknown): Promise<void> {
    const core = this.#init.core();
    switch (notice) {
      case 'mailbox':
        return core.drainMailbox();
      case 'presence':
        return this.#presenceOf(params as Notice<DirectoryNotices, 'presence'>);
      case 'roster': {
        const { user } = params as Notice<DirectoryNotices, 'roster'>;
        core.contacts.forget(user);
        // A device may be there that was missing: of theirs, or of one's own in any conversation.
        if (foldName(user) === foldName(this.#init.self.user)) core.messenger.flushAll();
        else core.messenger.devicesChanged(user);
        return core.outbox.poke();
      }
      case 'crl':
        return this.#init.learnCrl((params as Notice<DirectoryNotices, 'crl'>).crl);
      case 'crl.delta':
        return this.#init.learnChanges(params as Notice<DirectoryNotices, 'crl.delta'>);
      case 'group.commit':
        return this.#committed(params as Notice<DirectoryNotices, 'group.commit'>);
      case 'groups.entry':
        return core.named.onEntry(params as Notice<DirectoryNotices, 'groups.entry'>);
      case 'groups.changed':
        return core.named.onChanged(params as Notice<DirectoryNotices, 'groups.changed'>);
      case 'groups.signal':
        return core.named.onSignal(params as Notice<DirectoryNotices, 'groups.signal'>);
      case 'role':
        return this.#roleChanged((params as Notice<DirectoryNotices, 'role'>).role);
      case 'factor': {
        const { state } = params as Notice<DirectoryNotices, 'factor'>;
        return core.feed.emit({ event: 'account', change: 'second-factor', state });
      }
      case 'devices':
        return core.ownDevices.changed((params as Notice<DirectoryNotices, 'devices'>).version);
      case 'keypackages.low':
        return core.keyPackages.refill(
          Math.min(KEY_PACKAGES_LOW, (params as Notice<DirectoryNotices, 'keypackages.low'>).left),
        );
    }
  }

  async #roleChanged(role: Role): Promise<void> {
    const { self, core } = this.#init;
    const { role: before, user } = self;
    await self.learnRole(role);
    if (role !== before) core().feed.emit({ event: 'moderation', action: 'role', user, by: '', role });
  }

  async #presenceOf({ user, state }: Notice<DirectoryNotices, 'presence'>): Promise<void> {
    const { links } = this.#init;
    const core = this.#init.core();
    core.contacts.forget(user);
    core.feed.emit({ event: 'presence', user, state });
    if (state === 'offline') return;
    core.messenger.flush(user);
    core.transfers.peerIsBack(user);
    const { devices } = await core.contacts.resolve(user);
    for (const { device } of devices) {
      links.mayRetry(device);
      core.outbox.poke(device);
    }
  }

  async #committed({ group: id }: Notice<DirectoryNotices, 'group.commit'>): Promise<void> {
    const core = this.#init.core();
    const group = await core.groups.find(id);
    if (group) await core.messenger.enqueue(group.user, () => core.direct.catchUp(group));
  }
}
