import type { MessageEvent, TransferEvent, UploadEvent } from '../../peer/api/events.js';
import type { HistoryMessage } from '../../peer/api/peer.js';
import { cleanLine } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { type Conversation, toEntry } from './conversation.js';
import type { Effect, ModelHost } from './host.js';
import { isOver, isWaiting, Transfers, transferEntry } from './transfers.js';

/** Transfers between two and files of groups, at their places in the logs. */
export class Files {
  readonly transfers = new Transfers();
  readonly #uploads = new Map<string, UploadEvent>();
  readonly #host: ModelHost;

  constructor(host: ModelHost) {
    this.#host = host;
  }

  /** Transfers of before stand where they were offered, as far as the log is loaded. */
  setTransfers(events: readonly TransferEvent[], now: number): void {
    for (const event of events) {
      this.transfers.update(event, now);
      const conversation = this.#host.conversation(cleanLine(event.conversation));
      this.place(conversation, now);
    }
  }

  /** Those of before, as far as the log reaches. */
  place(conversation: Conversation, now: number): void {
    const { log, loaded, id } = conversation;
    if (loaded === 'nothing' || loaded === 'loading') return;
    const oldest = loaded === 'all' ? Number.NEGATIVE_INFINITY : (log.at(0)?.at ?? now);
    for (const transfer of this.transfers.in(id)) {
      const entry = transferEntry(this.transfers.batch(transfer), this.#host.user, now);
      if (entry.at >= oldest) log.place(entry);
    }
  }

  transfer(event: TransferEvent, now: number): readonly Effect[] {
    const known = this.transfers.find(event.id);
    const transfer = this.transfers.update(event, now);
    const conversation = this.#host.conversation(cleanLine(event.conversation));
    if (event.direction === 'out' && event.state === 'done') this.#host.checklist.tick('file');
    const entry = transferEntry(this.transfers.batch(transfer), this.#host.user, now);
    const shown = conversation.log.replace(entry.id, (before) => ({ ...before, ...entry, at: before.at }));
    if (shown === undefined) conversation.log.append(entry);
    const fresh = known === undefined && isWaiting(event);
    const ended = known !== undefined && !isOver(known.event) && isOver(event) && event.direction === 'in';
    return fresh || ended ? this.#host.arrived(conversation, entry, true) : [];
  }

  /** A file of a group: its message has its place; one's own has a place of its own until that message is there. */
  upload(event: UploadEvent, now: number): void {
    this.#uploads.set(event.id, event);
    const { log } = this.#host.conversation(cleanLine(event.group));
    const known = log.findUpload(event.id);
    if (known !== undefined) log.replace(known, (entry) => ({ ...entry, uploadState: event }));
    else if (event.state === 'uploading' || event.state === 'failed') {
      const { id, name, size, type } = event;
      const upload = { id, name, size, ...(type !== undefined && { type }) };
      const said = { kind: 'message' as const, at: now, from: this.#host.user, own: true, text: '' };
      log.append({ ...said, id: `local-upload-${id}`, upload, uploadState: event });
    }
  }

  /** Files of groups, as the peer lists them. */
  setUploads(events: readonly UploadEvent[]): void {
    for (const event of events) {
      this.#uploads.set(event.id, event);
      const { log } = this.#host.conversation(cleanLine(event.group));
      const known = log.findUpload(event.id);
      if (known !== undefined) log.replace(known, (entry) => ({ ...entry, uploadState: event }));
    }
  }

  /** A message, with how it stands with the file it is about. */
  entryOf(message: MessageEvent | HistoryMessage): Entry {
    const entry = toEntry(message, this.#host.user);
    if (entry.upload === undefined) return entry;
    this.#host.conversation(cleanLine(message.conversation)).log.remove(`local-upload-${entry.upload.id}`);
    const uploadState = this.#uploads.get(entry.upload.id);
    return uploadState === undefined ? entry : { ...entry, uploadState };
  }
}
