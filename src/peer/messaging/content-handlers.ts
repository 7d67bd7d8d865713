import { hex } from '../../base/bytes.js';
import type { Scope } from '../../base/scope.js';
import { type Content, isChangeContent, isTransferContent, type TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { SentEvent } from '../api/events.js';
import type { MessageRow } from '../storage/tables.js';
import { conversationWith } from './conversation.js';
import type { DirectPins } from './direct-pins.js';
import type { Edits } from './edits.js';
import type { ExpirationSetting } from './expiration-setting.js';
import type { History } from './history.js';
import type { ReadMarkers } from './read-markers.js';
import type { Transaction } from './transaction.js';

export interface ContentHandlersInit {
  /** The name of this account. */
  readonly self: string;
  readonly scope: Scope;
  readonly history: History;
  readonly edits: Edits;
  readonly setting: ExpirationSetting;
  readonly pins: DirectPins;
  readonly readMarkers: ReadMarkers;
  /** What the other side of a transfer says. */
  transfer(user: string, from: DeviceAddress, content: TransferContent, tx: Transaction): void;
  /** Sends a message again that a device could not open. */
  resend(user: string, row: MessageRow): Promise<void>;
  emit(event: SentEvent): void;
}

/** What comes between two people besides text, and what follows from it: receipts, edits, transfers, settings. */
export class ContentHandlers {
  readonly #init: ContentHandlersInit;

  constructor(init: ContentHandlersInit) {
    this.#init = init;
  }

  /** Keeps what has to be kept, in the same write as the memory that it came. */
  async keep(user: string, from: DeviceAddress, content: Content, tx: Transaction): Promise<void> {
    const { transfer, setting, pins, edits } = this.#init;
    if (isTransferContent(content)) transfer(user, from, content, tx);
    else if (content.type === 'setting') await setting.take(user, from.user, content, tx);
    else if (content.type === 'pin') await pins.take(user, from.user, content, tx);
    else if (isChangeContent(content)) await edits.take(conversationWith(user), from.user, content, tx);
  }

  /** Receipts move what is known of messages of one's own; each by a write of its own. */
  async take(user: string, from: DeviceAddress, content: Content): Promise<void> {
    const { self, scope, history, readMarkers, resend } = this.#init;
    if (content.type !== 'receipt' && content.type !== 'resend') return;
    if (foldName(from.user) === foldName(self)) {
      if (content.type === 'receipt' && content.state === 'read')
        await readMarkers.readElsewhere(conversationWith(user), content.ids);
      return;
    }
    for (const id of content.ids) {
      const row = await history.find(id);
      if (row === undefined || row.conversation !== conversationWith(user) || (await history.isFormer(row))) continue;
      if (content.type === 'resend')
        scope.run(
          () => resend(user, row),
          () => {},
        );
      else if (content.state === 'read') await readMarkers.readByOther(row);
      else await this.#delivered(row);
    }
  }

  async #delivered({ id, conversation }: MessageRow): Promise<void> {
    const { history, emit } = this.#init;
    if (await history.raise(id, 'delivered')) emit({ event: 'sent', id: hex(id), conversation, state: 'delivered' });
  }
}
