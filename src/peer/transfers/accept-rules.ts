import type { Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import { foldName } from '../../wire/names.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import type { AcceptMode, AcceptRule, ReceiveOptions } from '../api/peer.js';
import type { Tables } from '../storage/tables.js';

export interface AcceptRulesInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  /** Where files go if nothing else is said. */
  readonly folder: string;
  /** One has written to them, or verified them. */
  isContact(user: string): Promise<boolean>;
}

/** Whose files are accepted without asking, and where they go. */
export class AcceptRules {
  readonly #init: AcceptRulesInit;
  #mode: AcceptMode = 'none';
  #folder: string | undefined;

  constructor(init: AcceptRulesInit) {
    this.#init = init;
  }

  get folder(): string {
    return this.#folder ?? this.#init.folder;
  }

  /** For this run of the program. */
  receive({ accept, folder }: ReceiveOptions): void {
    if (accept !== undefined) this.#mode = accept;
    if (folder !== undefined) this.#folder = folder;
  }

  async set({ who, upTo, perDay = upTo * PER_DAY_TIMES }: AcceptRule): Promise<void> {
    const { tables, disk } = this.#init;
    const key = nameOf(who);
    const step = upTo === 0 ? tables.accepts.remove([key]) : tables.accepts.put([key], { who: key, upTo, perDay });
    await disk.write([step]);
  }

  async list(): Promise<readonly AcceptRule[]> {
    const rules: AcceptRule[] = [];
    for await (const rule of this.#init.tables.accepts.range([]))
      rules.push({ ...rule, who: rule.who.replace('*', '') });
    return rules;
  }

  /** For the mode of this run there is no allowance: whoever chose it stands by. */
  async accepts(user: string, manifest: Manifest): Promise<boolean> {
    if (this.#mode === 'all') return true;
    const rules = await this.#rulesFor(user);
    if (rules.length > 0) {
      const used = (await this.#used(user)) + costOf(manifest);
      if (rules.some(({ upTo, perDay }) => contentBytes(manifest) <= upTo && used <= perDay)) return true;
    }
    return this.#mode === 'contacts' && (await this.#init.isContact(user));
  }

  /** Counts what was taken without asking. */
  async spend(user: string, manifest: Manifest): Promise<void> {
    const { tables, disk, clock } = this.#init;
    const who = foldName(user);
    const used = (await this.#used(user)) + costOf(manifest);
    await disk.write([tables.acceptsUsed.put([who], { used, at: clock.now() })]);
  }

  /** Of the last day: what was taken fades out over the day that follows it. */
  async #used(user: string): Promise<number> {
    const row = await this.#init.tables.acceptsUsed.get(foldName(user));
    if (row === undefined) return 0;
    const age = Math.max(0, this.#init.clock.now() - row.at);
    return Math.floor(row.used * Math.max(0, 1 - age / DAY_MS));
  }

  async #rulesFor(user: string): Promise<readonly { readonly upTo: number; readonly perDay: number }[]> {
    const { tables, isContact } = this.#init;
    const contacts = await tables.accepts.get(CONTACTS);
    const rules = [
      await tables.accepts.get(foldName(user)),
      await tables.accepts.get(ALL),
      contacts !== undefined && (await isContact(user)) ? contacts : undefined,
    ];
    return rules.flatMap((rule) =>
      rule === undefined ? [] : [{ upTo: rule.upTo, perDay: rule.perDay ?? rule.upTo * PER_DAY_TIMES }],
    );
  }
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** What a file takes on a disk at least. */
const FILE_BYTES = 4 << 10;

const costOf = (manifest: Manifest): number => contentBytes(manifest) + manifest.files.length * FILE_BYTES;

/** In a day, unless a rule says otherwise, so many of the largest transfers that it lets in. */
const PER_DAY_TIMES = 10;

/** No user name begins so. */
const ALL = '*all';
const CONTACTS = '*contacts';

const nameOf = (who: string): string => (who === 'all' ? ALL : who === 'contacts' ? CONTACTS : foldName(who));
