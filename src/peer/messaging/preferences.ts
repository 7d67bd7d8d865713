import type { LocalStore } from '../../store/local.js';
import { foldName, parseGroupName, parseUserName } from '../../wire/names.js';
import type { PeerEvent } from '../api/events.js';
import type { Preferences as Wishes } from '../api/peer.js';
import type { MessageRow, PreferencesRow, Tables } from '../storage/tables.js';
import { names } from './mentions.js';
import type { LineLook } from './message-view.js';

export interface PreferencesInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly self: string;
}

const DEFAULTS: PreferencesRow = { readReceipts: true, typing: true, muted: [], blocked: [] };

/** `@bob` of `@Bob`, `#lobby` of `#Lobby`: the form conversations are compared in. */
const folded = (conversation: string): string => foldName(conversation);

/** What a person wants of this installation: who may not be heard, who only quietly, and what is told of oneself. */
export class Preferences implements LineLook {
  readonly #init: PreferencesInit;
  #row: PreferencesRow = DEFAULTS;

  constructor(init: PreferencesInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    this.#row = (await this.#init.tables.preferences.get('self')) ?? DEFAULTS;
  }

  get(): Wishes {
    const { readReceipts, typing, muted, blocked } = this.#row;
    return { readReceipts, typing, muted: [...muted].sort(), blocked: [...blocked].sort() };
  }

  set(wanted: Partial<Pick<Wishes, 'readReceipts' | 'typing'>>): Promise<Wishes> {
    return this.#save({ ...this.#row, ...wanted });
  }

  /** @param conversation `@user` or `#group` @throws Failure usage 'name-invalid' */
  mute(conversation: string, muted: boolean): Promise<Wishes> {
    const name = conversation.startsWith('#')
      ? `#${parseGroupName(conversation.slice(1)).folded}`
      : `@${parseUserName(conversation.replace(/^@/, '')).folded}`;
    return this.#save({ ...this.#row, muted: changed(this.#row.muted, name, muted) });
  }

  /** @throws Failure usage 'name-invalid' */
  block(user: string, blocked: boolean): Promise<Wishes> {
    const name = `@${parseUserName(user.replace(/^@/, '')).folded}`;
    return this.#save({ ...this.#row, blocked: changed(this.#row.blocked, name, blocked) });
  }

  isBlocked(user: string): boolean {
    return this.#row.blocked.length > 0 && this.#row.blocked.includes(`@${foldName(user)}`);
  }

  /** What a person who is blocked does is not told of. */
  isUnwanted(event: PeerEvent): boolean {
    if (this.#row.blocked.length === 0) return false;
    switch (event.event) {
      case 'message':
        return event.conversation.startsWith('@') && this.isBlocked(event.from);
      case 'change':
        return this.isBlocked(event.from);
      case 'typing':
        return this.isBlocked(event.user);
      case 'group':
        return event.change === 'invited' && this.isBlocked(event.by);
      case 'transfer':
        return event.direction === 'in' && event.state === 'offered' && this.isBlocked(event.peer);
      default:
        return false;
    }
  }

  isHidden({ conversation, from }: Pick<MessageRow, 'conversation' | 'from'>): boolean {
    return conversation.startsWith('#') && this.isBlocked(from);
  }

  isMuted({ conversation, from }: Pick<MessageRow, 'conversation' | 'from'>): boolean {
    const { muted } = this.#row;
    return muted.length > 0 && (muted.includes(folded(conversation)) || muted.includes(`@${foldName(from)}`));
  }

  /** What is muted counts only where it names this very person. */
  counts(row: MessageRow): boolean {
    if (row.deleted || this.isBlocked(row.from)) return false;
    return !this.isMuted(row) || names(row.body, this.#init.self);
  }

  async #save(row: PreferencesRow): Promise<Wishes> {
    this.#row = row;
    await this.#init.disk.write([this.#init.tables.preferences.put(['self'], row)]);
    return this.get();
  }
}

function changed(before: readonly string[], name: string, wanted: boolean): string[] {
  const others = before.filter((one) => one !== name);
  return wanted ? [...others, name] : others;
}
