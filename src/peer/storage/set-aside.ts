import { Failure, hasCode } from '../../base/errors.js';
import type { LocalStore } from '../../store/local.js';
import type { Revision } from '../../store/store.js';

/** Rows that could not be read, as they were, under the keys they had. */
const SPACE = 'peer.aside';

/** What a row of each table is to the person whose profile this is. */
const WORDS: Readonly<Record<string, string>> = {
  device: "this device's keys",
  contact: 'what was known of a person',
  group: 'the keys of a conversation',
  part: 'the keys of a conversation',
  keypackage: 'a key for new conversations',
  lastresort: 'which key for new conversations is the last one',
  conversation: 'what was known of a conversation',
  message: 'a line of the history',
  place: 'the place of a line in the history',
  outbox: 'a message on its way',
  owed: 'a message that some devices are owed',
  handed: 'a message that lies in mailboxes',
  unseen: 'the note of a line not shown yet',
  transfer: 'a transfer of files',
  accept: 'a rule for taking files',
  acceptused: 'how much was taken without asking',
  speed: 'the limits of speed',
  path: 'how fast the way to a person was',
  named: 'what was known of a group',
  act: 'a decision in a group',
  kept: "an entry of a group's log",
  archive: "a key of a group's shared history",
  groupout: 'a message to a group on its way',
  upload: 'what was known of an upload',
  sending: 'an upload on its way',
  guest: 'what was known of a link for guests',
  ledger: "how far the directory's ledger was read",
  expiring: 'the end of a message that disappears',
  earlychange: 'a change to a message that has not come yet',
  later: 'something a newer program said',
  position: 'how far a member of a group has read',
  preferences: 'what you had set: receipts, typing, whom you muted and blocked',
  note: 'a draft that was not sent',
  owndevices: 'the list of your devices',
  mailbox: 'how far the mailbox was read',
  incarnation: "which of the directory's stores was compared last",
  backup: 'how far a backup goes',
  handover: 'how far another device has handed over its history',
  sharing: 'which of your devices may have the history from here',
  wish: 'what this device asks your other devices for',
};

/** Whether it is the row's own fault, and not the disk's. */
export const isUnreadable = (error: unknown): error is Failure =>
  hasCode(error, 'row-damaged') || hasCode(error, 'malformed');

/**
 * One row that can't be read must not keep the rest from being read: it leaves its place, is kept as it is, and whoever
 * the profile belongs to is told what it was.
 */
export class SetAside {
  readonly #store: LocalStore;
  readonly #found: Failure[];
  readonly #tables = new Set<string>();
  /** Called for each row set aside from then on. */
  onRow: (failure: Failure) => void = () => {};

  /** @param found what was set aside before, by an opening that was given up */
  constructor(store: LocalStore, found: Failure[] = []) {
    this.#store = store;
    this.#found = found;
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  /** What has been set aside since this was last asked. */
  take(): readonly Failure[] {
    return this.#found.splice(0);
  }

  async put(table: string, row: { key: string; value: Uint8Array; revision: Revision }, why: unknown): Promise<void> {
    const { key, value, revision } = row;
    this.#tables.add(table);
    const failure = setAside(WORDS[table] ?? table, why);
    this.#found.push(failure);
    this.onRow(failure);
    try {
      await this.#store.write([
        { kind: 'put', space: SPACE, key, value },
        { kind: 'delete', space: 'peer', key, expect: revision },
      ]);
    } catch (error) {
      // Somebody has written over it meanwhile; or nothing can be written now, and it is found again next time.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

const setAside = (what: string, cause: unknown): Failure =>
  new Failure('row-set-aside', `${what} could not be read; it was set aside, and the rest goes on`, { cause });
