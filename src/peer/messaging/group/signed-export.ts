import { base64url, hex } from '../../../base/bytes.js';
import { Failure, toFailure } from '../../../base/errors.js';
import { type ArchivedMessage, archiveEpoch, isArchived } from '../../../crypto/archive.js';
import { ExportSigner } from '../../../crypto/signed-export.js';
import { type Content, contentCodec } from '../../../wire/content.js';
import type { GroupEntry } from '../../../wire/groups.js';
import type { ExportedLine, ExportRecord } from '../../../wire/signed-export.js';
import { cleanText } from '../../../wire/text.js';
import type { MessageRow } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import { UNPLACED } from '../message-view.js';
import { saidOf } from '../upload-message.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { keptOf } from './kept-entries.js';
import type { Entry } from './log-batch.js';
import type { LogFollower } from './log-follower.js';

export interface SignedExportInit extends GroupContext {
  readonly follower: LogFollower;
}

interface Opened extends ArchivedMessage {
  readonly entry: Entry<'message'>;
  readonly said: Content;
}

/**
 * Writes what this device shows of a group with shared history as others can verify it (crypto/signed-export.ts):
 *
 * 1. The group's log is read for the newest edits, which stand behind what they change.
 * 2. It is read once more; of each message that is a line here, the record of its author's signature is written. What was
 *    taken back, has disappeared, or was said in other words before it was edited, is not.
 *
 * While the directory is away, the entries that are kept here are read in its place.
 */
export class SignedExport {
  readonly #init: SignedExportInit;

  constructor(init: SignedExportInit) {
    this.#init = init;
  }

  /** @throws Failure usage 'export-unsigned' where history is not shared: then a line's signature is for its readers alone */
  async *of(group: Group): AsyncGenerator<ExportRecord> {
    if (group.roster.history !== 'shared') throw new Failure('export-unsigned');
    const { store, anchor, clock, self } = this.#init;
    const room = hex(group.id);
    const signer = new ExportSigner();
    const next = () => ({ event: 'export', n: signer.count, room }) as const;
    const { directoryId, publicKey } = anchor.trust;
    yield signer.add({
      ...{ ...next(), part: 'room', version: 1, directory: directoryId, authority: base64url(publicKey) },
      ...{ name: group.row.name, certificate: base64url(self.certificate()), at: clock.now() },
    });
    for (const act of await store.acts(group)) yield signer.add({ ...next(), part: 'act', act: base64url(act) });
    const edits = await this.#edits(group);
    let lines = 0;
    for await (const opened of this.#opened(group)) {
      const record = await this.#line(opened, edits);
      if (record === undefined) continue;
      lines++;
      yield signer.add({ ...next(), part: 'line', ...record });
    }
    const left = Math.max(0, (await this.#shown(group)) - lines);
    yield signer.sign({ ...next(), part: 'end', lines, left }, self.key);
  }

  async #edits(group: Group): Promise<Map<string, Opened>> {
    const edits = new Map<string, Opened>();
    for await (const opened of this.#opened(group))
      if (opened.said.type === 'edit') edits.set(hex(opened.said.id), opened);
    return edits;
  }

  async #line(opened: Opened, edits: ReadonlyMap<string, Opened>) {
    const { entry, said } = opened;
    if (said.type !== 'text' && said.type !== 'upload') return undefined;
    const row = await this.#init.history.find(entry.id);
    if (row === undefined || row.number !== entry.seq || !isShown(row)) return undefined;
    const edit = row.edited ? edits.get(hex(entry.id)) : undefined;
    const shown = edit ?? opened;
    if (bodyOf(shown.said) !== row.body || shown.user !== opened.user) return undefined;
    return {
      ...{ seq: entry.seq, at: entry.at, id: hex(entry.id), from: shown.user, text: textOf(shown.said) },
      ...(edit && { edit: hex(edit.entry.id) }),
      ...{ epoch: archiveEpoch(shown.entry.sealed), device: base64url(shown.deviceKey) },
      ...{ consent: base64url(shown.statement), signature: base64url(shown.signature) },
      content: base64url(shown.content),
    } satisfies Partial<ExportedLine>;
  }

  /** Messages of the log that can be opened here, oldest first. */
  async *#opened(group: Group): AsyncGenerator<Opened> {
    const { follower } = this.#init;
    for await (const entry of this.#entries(group)) {
      if (entry.kind !== 'message' || !isArchived(entry.sealed)) continue;
      try {
        const message = await follower.messages.openArchived(group, entry);
        yield { ...message, entry, said: contentCodec.decode(message.content) };
      } catch (error) {
        const { reason } = toFailure(error);
        if (reason !== 'protocol' && reason !== 'trust') throw error;
      }
    }
  }

  async *#entries(group: Group): AsyncGenerator<GroupEntry> {
    const { request, isOnline, tables } = this.#init;
    if (!isOnline()) {
      yield* await keptOf(tables, group);
      return;
    }
    for (let from = 1, more = true; more; ) {
      const page = await request('groups.read', { group: group.id, from });
      yield* page.entries;
      more = page.more && page.entries.length > 0;
      from = (page.entries.at(-1)?.seq ?? from) + 1;
    }
  }

  async #shown(group: Group): Promise<number> {
    let shown = 0;
    const lines = this.#init.tables.messages.range([conversationIn(group.row.name)], { below: UNPLACED });
    for await (const row of lines) if (isShown(row)) shown++;
    return shown;
  }
}

/** A file can't forget: a line that disappears is in none. */
const isShown = ({ deleted, expires }: MessageRow): boolean => !deleted && expires === undefined;

const bodyOf = (said: Content): string | undefined =>
  said.type === 'upload' ? saidOf(said).body : said.type === 'text' || said.type === 'edit' ? cleanText(said.body) : '';

const textOf = (said: Content): string =>
  said.type === 'upload' ? said.name : said.type === 'text' || said.type === 'edit' ? said.body : '';
