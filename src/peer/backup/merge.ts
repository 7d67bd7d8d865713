import { hex } from '../../base/bytes.js';
import type { LocalStore, Step } from '../../store/local.js';
import { foldName } from '../../wire/names.js';
import type { History } from '../messaging/history.js';
import type { KeyPart, Table } from '../storage/encrypted-table.js';
import type { ContactRow, PreferencesRow, Tables } from '../storage/tables.js';
import { ConversationMerge, type Counts } from './merge-lines.js';
import type { ConversationRecord, HistoryRecord, LineRecord, RoomRecord } from './record.js';

export interface MergeInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  readonly fresh: boolean;
  now(): number;
  /** Runs work on a conversation, one after the other. */
  enqueue<T>(conversation: string, work: () => Promise<T>): Promise<T>;
  learnContact(row: ContactRow): Promise<void>;
  /** A conversation has been brought together. */
  readonly settled?: (conversation: string) => Promise<void>;
  /** What this person wants, where nothing was said of it here. */
  learnPreferences(row: PreferencesRow): Promise<void>;
  /** Keys of a group's shared history that were not here are on disk. */
  readonly keysCame?: (group: Uint8Array) => void;
}

const TOGETHER = 256;
const NO_SECRET = new Uint8Array(32);

/**
 * Takes in what other devices of the account have kept, record by record, beside what is here. What is known of people,
 * rooms and wishes is taken where there is nothing here; lines see merge-lines.ts.
 */
export class HistoryMerge {
  readonly #init: MergeInit;
  readonly counts: Counts = { added: 0, changed: 0, unsent: 0 };
  readonly #seen = new Map<string, string>();
  readonly #conversations = new Map<string, ConversationMerge>();
  readonly #records = new Map<string, ConversationRecord>();
  /** Rooms of which keys came, until they are on disk. */
  readonly #rooms = new Map<string, Uint8Array>();
  #source: string | undefined;
  #lines: LineRecord[] = [];
  #steps: Step[] = [];

  constructor(init: MergeInit) {
    this.#init = init;
  }

  async take(record: HistoryRecord): Promise<void> {
    if (record.kind === 'line') return this.#line(record);
    if (record.kind === 'account' && record.device !== this.#source) {
      // Another device's numbers mean something else.
      await this.settle();
      this.#records.clear();
      this.#source = record.device;
    } else if (record.kind === 'conversation') {
      const { conversation } = record;
      this.#records.set(conversation, record);
      await this.#in(conversation, (merge) => merge.head(record));
    } else await this.#state(record);
  }

  /** Takes nothing in but who speaks, and what was said of conversations whose lines are still to come. */
  async note(record: HistoryRecord): Promise<void> {
    if (record.kind === 'account') await this.take(record);
    if (record.kind === 'conversation') this.#records.set(record.conversation, record);
  }

  /** Whether there are lines whose place is not known before `settle`. */
  get waits(): boolean {
    return [...this.#conversations.values()].some((merge) => merge.waits);
  }

  /** Everything has come, but for one conversation of which there is more to come. */
  async settle(except?: string): Promise<void> {
    await this.#flush();
    for (const conversation of [...this.#conversations.keys()]) {
      if (conversation === except) continue;
      await this.#in(conversation, (merge) => merge.settle());
      await this.#init.settled?.(conversation);
      this.#conversations.delete(conversation);
    }
  }

  async #line(line: LineRecord): Promise<void> {
    if (this.#lines.length === TOGETHER || (this.#lines[0] && this.#lines[0].conversation !== line.conversation)) {
      await this.#flush();
    }
    this.#lines.push(line);
  }

  async #flush(): Promise<void> {
    const [lines, steps] = [this.#lines, this.#steps];
    this.#lines = [];
    this.#steps = [];
    if (steps.length > 0) await this.#init.disk.write(steps);
    for (const group of this.#rooms.values()) this.#init.keysCame?.(group);
    this.#rooms.clear();
    if (lines[0]) await this.#in(lines[0].conversation, (merge) => merge.take(lines));
  }

  #in<T>(conversation: string, work: (merge: ConversationMerge) => Promise<T>): Promise<T> {
    return this.#init.enqueue(conversation, async () => {
      const known = this.#conversations.get(conversation);
      const merge =
        known ??
        (await ConversationMerge.of(this.#init, conversation, {
          ...{ seen: this.#seen, counts: this.counts },
          source: this.#source ?? '',
          record: () => this.#records.get(conversation),
        }));
      this.#conversations.set(conversation, merge);
      return work(merge);
    });
  }

  async #state(record: HistoryRecord): Promise<void> {
    const { tables, learnContact, learnPreferences, fresh } = this.#init;
    switch (record.kind) {
      case 'contact':
        return learnContact(rowOf(record));
      case 'preferences':
        return learnPreferences(rowOf(record));
      case 'room':
        return this.#room(record);
      case 'note':
        return this.#take(tables.notes, [record.conversation], rowOf(record));
      case 'rule':
        return this.#take(tables.accepts, [record.who], rowOf(record));
      case 'upload':
        return this.#take(tables.uploads, [hex(record.group), hex(record.id)], rowOf(record));
      case 'position':
        return this.#take(tables.positions, [record.conversation, foldName(record.user)], rowOf(record));
      case 'later':
        if (fresh) await this.#take(tables.later, ['all', record.order], rowOf(record));
        return;
      case 'transfer': {
        // Where transfers have run already, theirs have these numbers.
        const row = { ...rowOf(record), secret: NO_SECRET, candidates: [] };
        if (fresh) await this.#take(tables.transfers, ['all', record.order], row);
      }
    }
  }

  /** What is here already is newer than what another device knew. */
  async #take<T>(table: Table<T>, key: readonly KeyPart[], row: T): Promise<void> {
    if (!this.#init.fresh && (await table.get(...key)) !== undefined) return;
    if (this.#steps.push(table.put(key, row)) >= TOGETHER) await this.#flush();
  }

  /** Its log is read on from where the keys end: what stood before is in the lines. */
  async #room({ group, name, through, keys }: RoomRecord): Promise<void> {
    const { tables, fresh } = this.#init;
    const id = hex(group);
    const known = new Set<number>();
    for await (const { epoch } of tables.archiveKeys.range([id])) known.add(epoch);
    const lacking = keys.filter(({ epoch }) => !known.has(epoch));
    if (lacking.length > 0) this.#rooms.set(id, group);
    this.#steps.push(...lacking.map((key) => tables.archiveKeys.put([id, key.epoch], key)));
    if (!fresh) return;
    const nothing = { through: 0, acts: 0, lastAct: 0, lastJoin: 0, lastArchive: 0, entered: 0 };
    this.#steps.push(tables.namedGroups.put([id], { group, name, ...nothing, archived: true, missed: through }));
  }
}

const rowOf = <R extends HistoryRecord>({ kind: _, ...row }: R): Omit<R, 'kind'> => row;
