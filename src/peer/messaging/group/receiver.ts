import { hex, sameBytes } from '../../../base/bytes.js';
import { Failure } from '../../../base/errors.js';
import { type ArchivedMessage, archiveEpoch, isArchived, openArchived } from '../../../crypto/archive.js';
import type { Step } from '../../../store/local.js';
import { type Content, isChangeContent, type TextContent, type UploadContent } from '../../../wire/content.js';
import { foldName } from '../../../wire/names.js';
import { cleanText } from '../../../wire/text.js';
import type { MessageRow, PlaceRow } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import { decodeContent } from '../decode-content.js';
import { lineOf } from '../message-content.js';
import { UNPLACED } from '../message-view.js';
import type { Transaction } from '../transaction.js';
import { saidOf } from '../upload-message.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { Entry, LogBatch } from './log-batch.js';
import { type Membership, refused } from './membership.js';

export interface GroupReceiverInit extends GroupContext {
  readonly membership: Membership;
  /** A message of this device has its place in the log. @returns whether that settles it */
  onOwn(group: Group, entry: Entry<'message'>, tx: Transaction): Promise<boolean>;
  onContent(group: Group, from: string, content: Content, entry: Entry<'message'>): Promise<Step[]>;
}

/** What the messages in a group's log say: opened, judged, and put where they belong. */
export class GroupReceiver {
  readonly #init: GroupReceiverInit;

  constructor(init: GroupReceiverInit) {
    this.#init = init;
  }

  /** Takes one in. @throws Failure where it can't be read, or is of no member */
  async take(group: Group, entry: Entry<'message'>, tx: LogBatch): Promise<void> {
    const again = tx.ids.has(hex(entry.id));
    tx.ids.add(hex(entry.id));
    if (entry.from.device === this.#init.self.device) {
      if (await this.#init.onOwn(group, entry, tx)) return;
    }
    // A message comes once: whoever puts it into the log again, in this batch or later, shows and changes nothing.
    if (again) return;
    const place = await this.#init.tables.places.get(hex(entry.id));
    if (place !== undefined) {
      const ahead = await this.#aheadOfTheLog(group, place);
      if (ahead !== undefined) await this.#place(group, ahead, entry, tx);
      return;
    }
    const { user, content: plaintext } = await this.#open(group, entry);
    if (!group.roster.isMember(user)) throw refused(group, `${user} is not a member`);
    if (group.roster.silencedUntil(user, entry.at) !== undefined) throw refused(group, `${user} is silenced`);
    const content = decodeContent(plaintext);
    tx.areLines &&= content?.type === 'text';
    if (content?.type !== 'text' && content?.type !== 'upload') {
      tx.add(this.#init.tables.places.put([hex(entry.id)], { conversation: '', number: 0 }));
    }
    if (content === undefined) tx.add(...this.#later(group, user, plaintext, entry));
    if (content?.type === 'text') await this.#line(group, user, content, entry, tx);
    else if (content?.type === 'upload') await this.#upload(group, user, content, entry, tx);
    else if (content && isChangeContent(content))
      await this.#init.onChange(conversationIn(group.row.name), user, content, tx);
    else if (content) tx.add(...(await this.#init.onContent(group, user, content, entry)));
  }

  /** The line of a message that came over a direct link before it had a place. */
  async #aheadOfTheLog(group: Group, { conversation, number }: PlaceRow): Promise<MessageRow | undefined> {
    if (number < UNPLACED || conversation !== conversationIn(group.row.name)) return;
    return this.#init.tables.messages.get(conversation, number);
  }

  /** It was shown; now it gets its place, and says what the log says. */
  async #place(group: Group, row: MessageRow, entry: Entry<'message'>, tx: LogBatch): Promise<void> {
    const { history, tables, emit } = this.#init;
    const opened = await this.#open(group, entry).catch(() => undefined);
    const content = opened && foldName(opened.user) === foldName(row.from) ? decodeContent(opened.content) : undefined;
    const isAsSaid = content?.type === 'text' && !row.edited && !row.deleted;
    const body = isAsSaid ? cleanText(content.body) : row.body;
    const moved = history.move(row, entry.seq, { body, ...(row.state && { state: 'stored' }) });
    const head = await history.head(row.conversation);
    head.last = Math.max(head.last, entry.seq);
    tx.add(...moved.steps, history.saveHead(head));
    for await (const note of tables.unseen.range(['all'])) {
      if (note.conversation !== row.conversation || note.number !== row.number) continue;
      tx.add(tables.unseen.put(['all', note.order], { ...note, number: entry.seq }));
    }
    if (body === row.body) return;
    const change = { event: 'change', id: hex(row.id), conversation: row.conversation, from: row.from } as const;
    tx.afterCommit(() => emit({ ...change, change: 'edited', text: body }));
  }

  #later(group: Group, from: string, content: Uint8Array, { id, seq }: Entry<'message'>): readonly Step[] {
    const { keep, clock } = this.#init;
    return keep({
      id,
      seq,
      conversation: conversationIn(group.row.name),
      from,
      via: 'group',
      content,
      at: clock.now(),
    });
  }

  async #open(group: Group, entry: Entry<'message'>): Promise<{ user: string; content: Uint8Array }> {
    const { engine, groups } = this.#init;
    if (isArchived(entry.sealed)) return this.openArchived(group, entry);
    const mls = group.mls!;
    const opened = await engine.open(mls.state, entry.sealed);
    if (!sameBytes(opened.aad, entry.id))
      throw refused(group, 'a message came under another name than its author gave it');
    mls.state = opened.next;
    return { user: groups.owner(opened.sender.certificate).user, content: opened.plaintext };
  }

  /** @throws Failure protocol 'archive-key-missing' */
  async openArchived(group: Group, entry: Entry<'message'>): Promise<ArchivedMessage> {
    const { anchor, tables } = this.#init;
    const epoch = archiveEpoch(entry.sealed);
    const current = group.mls?.state.epoch === epoch ? this.#init.membership.archiveKey(group) : undefined;
    const key = current ?? (await tables.archiveKeys.get(hex(group.id), epoch))?.key;
    if (key === undefined) throw keyMissing();
    const place = { directoryId: anchor.trust.directoryId, group: group.id, id: entry.id };
    return openArchived(entry.sealed, key, place, (user) => group.roster.standing(user)?.identityKey);
  }

  async #line(
    group: Group,
    user: string,
    content: Omit<TextContent, 'type'> & Pick<MessageRow, 'upload'>,
    { id, seq }: Entry<'message'>,
    tx: Transaction,
  ): Promise<void> {
    const { history, note, onLine, self, clock } = this.#init;
    const conversation = conversationIn(group.row.name);
    const mine = foldName(user) === foldName(self.user);
    const line = lineOf(content, { conversation, from: user, self: self.user, since: clock.now() });
    const added = history.lineAt(conversation, seq, {
      ...{ id, via: 'group', ...line },
      ...(mine && { state: 'stored' as const }),
      ...(content.upload && { upload: content.upload }),
    });
    const head = await history.head(conversation);
    head.unread ??= 0;
    head.last = Math.max(head.last, seq);
    if (!mine) history.count(head, added.row);
    const { unseen, step } = note(added.row);
    tx.add(...added.steps, step, history.saveHead(head));
    tx.afterCommit(() => onLine(added.row, unseen));
  }

  async #upload(
    group: Group,
    user: string,
    content: UploadContent,
    entry: Entry<'message'>,
    tx: Transaction,
  ): Promise<void> {
    await this.#line(group, user, saidOf(content), entry, tx);
    this.#init.onUpload(group, user, content, tx);
  }
}

const keyMissing = (): Failure => new Failure('archive-key-missing');
