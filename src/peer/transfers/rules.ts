import type { LocalStore } from '../../store/local.js';
import { foldName } from '../../wire/names.js';
import type { AcceptMode, AcceptRule, ReceiveOptions } from '../api.js';
import type { Tables } from '../rows.js';

export interface RulesInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  /** Where files go if nothing else is said. */
  readonly folder: string;
  /** One has written to them, or verified them. */
  isContact(user: string): Promise<boolean>;
}

/** Whose files are accepted without asking, and where they go. */
export class Rules {
  readonly #init: RulesInit;
  #mode: AcceptMode = 'none';
  #folder: string | undefined;

  constructor(init: RulesInit) {
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

  async set({ who, upTo }: AcceptRule): Promise<void> {
    const { tables, disk } = this.#init;
    const key = nameOf(who);
    await disk.write([upTo === 0 ? tables.accepts.remove([key]) : tables.accepts.put([key], { who: key, upTo })]);
  }

  async list(): Promise<readonly AcceptRule[]> {
    const rules: AcceptRule[] = [];
    for await (const rule of this.#init.tables.accepts.range([]))
      rules.push({ ...rule, who: rule.who.replace('*', '') });
    return rules;
  }

  async accepts(user: string, size: number): Promise<boolean> {
    if (this.#mode === 'all') return true;
    if (size <= (await this.#upTo(foldName(user))) || size <= (await this.#upTo(ALL))) return true;
    const forContacts = this.#mode === 'contacts' ? Number.POSITIVE_INFINITY : await this.#upTo(CONTACTS);
    return size <= forContacts && (await this.#init.isContact(user));
  }

  async #upTo(who: string): Promise<number> {
    return (await this.#init.tables.accepts.get(who))?.upTo ?? -1;
  }
}

/** No user name begins so. */
const ALL = '*all';
const CONTACTS = '*contacts';

const nameOf = (who: string): string => (who === 'all' ? ALL : who === 'contacts' ? CONTACTS : foldName(who));
