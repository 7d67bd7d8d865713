import type { DeliveryState, SentEvent } from '../../peer/api/events.js';
import type { SendResult } from '../../peer/api/peer.js';
import { cleanLine, cleanWhole } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import type { Effect, ModelHost } from './host.js';

const STATES: readonly (DeliveryState | 'failed')[] = ['failed', 'queued', 'stored', 'delivered', 'read'];
/** A state never goes back; of those who have read it, each is known once. */
function raise(entry: Entry, state: DeliveryState, by: string | undefined): Entry {
  const readBy = by === undefined ? entry.readBy : [...new Set([...(entry.readBy ?? []), cleanLine(by)])];
  const higher = STATES.indexOf(entry.state ?? 'queued') < STATES.indexOf(state);
  return { ...entry, ...(higher && { state }), ...(readBy !== undefined && { readBy }) };
}

/** One's own messages, from the key that sends them to the mark that they were read. */
export class OwnMessages {
  readonly #host: ModelHost;
  #unconfirmed = 0;
  /** States that arrived before the answer to the sending did; kept only while one is awaited. */
  readonly #early = new Map<string, DeliveryState>();

  constructor(host: ModelHost) {
    this.#host = host;
  }

  /** One's own message, shown before the peer has it on disk. @returns the id it has until `confirmed` */
  sending(conversation: string, text: string, now: number, replyTo?: string): string {
    const id = `local-${this.#host.nextNumber()}`;
    this.#unconfirmed += 1;
    const opened = this.#host.conversation(conversation);
    opened.firstUnread = undefined;
    opened.view.toEnd();
    opened.log.append({
      id,
      kind: 'message',
      at: now,
      from: this.#host.user,
      own: true,
      text: cleanWhole(text),
      state: 'queued',
      ...(replyTo !== undefined && { replyTo }),
    });
    if (conversation.startsWith('#')) this.#host.checklist.tick('hi');
    return id;
  }

  /** The peer has it: from now on the message goes by its own id. */
  confirmed(localId: string, to: string, result: SendResult): void {
    const state = this.#early.get(result.id) ?? result.state;
    this.#settled();
    this.#host.conversation(to).log.replace(localId, (entry) => ({ ...entry, id: result.id, state }));
  }

  /** It was not even queued. */
  refused(localId: string, to: string): void {
    this.#settled();
    this.#host.conversation(to).log.replace(localId, (entry) => ({ ...entry, state: 'failed' }));
  }

  #settled(): void {
    this.#unconfirmed -= 1;
    if (this.#unconfirmed === 0) this.#early.clear();
  }

  /** How far a message has come. */
  sent({ id, conversation, state, by }: SentEvent): readonly Effect[] {
    const { log, loaded } = this.#host.conversation(cleanLine(conversation));
    if (conversation.startsWith('@') && (state === 'delivered' || state === 'read'))
      this.#host.checklist.tick('message');
    const raised = log.replace(id, (entry) => raise(entry, state, by));
    if (raised !== undefined) return [];
    if (this.#unconfirmed > 0) this.#early.set(id, state);
    return loaded === 'nothing' || this.#unconfirmed > 0 ? [] : [{ type: 'refresh', conversation }];
  }
}
