import { hex } from '../../base/bytes.js';
import type { Scope } from '../../base/scope.js';
import { type Content, isChangeContent, isTransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { Core } from '../session/core.js';
import type { MessageRow } from '../storage/tables.js';
import { conversationWith } from './direct/direct-groups.js';
import type { Transaction } from './transaction.js';

export interface ContentHandlersInit {
  /** The name of this account. */
  readonly self: string;
  readonly scope: Scope;
  readonly core: Pick<Core, 'changes' | 'feed' | 'history' | 'messenger' | 'talk' | 'transfers'>;
}

/** What comes between two people besides text, and what follows from it: receipts, changes, transfers, settings. */
export class ContentHandlers {
  readonly #init: ContentHandlersInit;

  constructor(init: ContentHandlersInit) {
    this.#init = init;
  }

  /** Once it is remembered that it came. */
  async take(user: string, from: DeviceAddress, content: Content): Promise<void> {
    const { core, self, scope } = this.#init;
    if (content.type !== 'receipt' && content.type !== 'resend') return;
    if (foldName(from.user) === foldName(self)) {
      if (content.type === 'receipt' && content.state === 'read')
        await core.talk.reading.readElsewhere(conversationWith(user), content.ids);
      return;
    }
    for (const id of content.ids) {
      const row = await core.history.find(id);
      if (row === undefined || row.conversation !== conversationWith(user)) continue;
      if (content.type === 'resend')
        scope.run(
          () => core.messenger.resend(user, row),
          () => {},
        );
      else if (content.state === 'read') await core.talk.reading.readByOther(row);
      else await this.#delivered(row);
    }
  }

  /** What goes into the same write as the memory that it came. */
  async keep(user: string, from: DeviceAddress, content: Content, tx: Transaction): Promise<void> {
    const { core } = this.#init;
    if (isTransferContent(content)) core.transfers.take(user, from, content, tx);
    else if (content.type === 'setting') await core.talk.lifetimes.take(user, from.user, content, tx);
    else if (isChangeContent(content)) await core.changes.take(conversationWith(user), from.user, content, tx);
  }

  async #delivered(row: MessageRow): Promise<void> {
    const { history, feed } = this.#init.core;
    const { conversation } = row;
    if (await history.raise(row.id, 'delivered'))
      feed.emit({ event: 'sent', id: hex(row.id), conversation, state: 'delivered' });
  }
}
