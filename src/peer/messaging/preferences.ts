import type { LocalStore } from '../../store/local.js';
import { foldName, parseGroupName, parseUserName } from '../../wire/names.js';
import type { SharedPreference } from '../../wire/preferences.js';
import type { PeerEvent } from '../api/events.js';
import type { PreferencesApi, Preferences as Wishes } from '../api/peer.js';
import type { MessageRow, PreferencesRow, Tables } from '../storage/tables.js';
import { conversationIn, conversationWith, isGroupId, nameIn } from './conversation.js';
import { names } from './mentions.js';
import type { LineLook } from './message-view.js';
import { merged, sharedOf, withCounts } from './preference-items.js';
import { SharedPreferences, type SharedPreferencesInit } from './shared-preferences.js';

export interface PreferencesInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly self: string;
  /** With the account's other devices; without it, what is changed here is shared by whoever opens the profile next. */
  readonly sharing?: Omit<SharedPreferencesInit, 'items' | 'merge' | 'agreed' | 'keep'>;
  /** Another device has changed something. @param blocked people who are blocked from now on */
  onMerged?(blocked: readonly string[]): Promise<void>;
}

const DEFAULTS: PreferencesRow = { readReceipts: true, typing: true, muted: [], blocked: [] };

/** `@bob` of `@Bob`, `#lobby` of `#Lobby`: the form conversations are compared in. */
const folded = (conversation: string): string => foldName(conversation);

/** What a person wants on all their devices: who may not be heard, who only quietly, and what is told of oneself. */
export class Preferences implements LineLook {
  readonly sharing: SharedPreferences | undefined;
  readonly #init: PreferencesInit;
  #row: PreferencesRow = DEFAULTS;

  constructor(init: PreferencesInit) {
    this.#init = init;
    this.sharing =
      init.sharing &&
      new SharedPreferences({
        ...init.sharing,
        items: () => sharedOf(this.#row),
        merge: (theirs) => this.#merge(theirs),
        agreed: () => this.#row.agreed,
        keep: (agreed) => this.#write({ ...this.#row, agreed }),
      });
  }

  async load(): Promise<void> {
    this.#row = (await this.#init.tables.preferences.get('self')) ?? DEFAULTS;
  }

  get(): Wishes {
    const { readReceipts, typing, lan = true, mapping = true, upgrades = true, muted, blocked } = this.#row;
    return { readReceipts, typing, lan, mapping, upgrades, muted: [...muted].sort(), blocked: [...blocked].sort() };
  }

  set(wanted: Partial<Pick<Wishes, 'readReceipts' | 'typing' | 'lan' | 'mapping' | 'upgrades'>>): Promise<Wishes> {
    return this.#save({ ...this.#row, ...wanted });
  }

  /** @param conversation `@user` or `#group` @throws Failure usage 'name-invalid' */
  mute(conversation: string, muted: boolean): Promise<Wishes> {
    const name = isGroupId(conversation)
      ? conversationIn(parseGroupName(nameIn(conversation)).folded)
      : conversationWith(parseUserName(nameIn(conversation)).folded);
    return this.#save({ ...this.#row, muted: changed(this.#row.muted, name, muted) });
  }

  /** @throws Failure usage 'name-invalid' */
  block(user: string, blocked: boolean): Promise<Wishes> {
    const name = conversationWith(parseUserName(nameIn(user)).folded);
    return this.#save({ ...this.#row, blocked: changed(this.#row.blocked, name, blocked) });
  }

  /** What this person wants elsewhere, where they have said nothing of it here. */
  async learn(row: PreferencesRow): Promise<void> {
    if (this.#row === DEFAULTS) await this.#save(row);
  }

  isBlocked(user: string): boolean {
    return this.#row.blocked.length > 0 && this.#row.blocked.includes(`@${foldName(user)}`);
  }

  /** What a person who is blocked does is not told of. */
  isUnwanted(event: PeerEvent): boolean {
    if (this.#row.blocked.length === 0) return false;
    const who = (ABOUT[event.event] as (event: PeerEvent) => string | undefined)(event);
    return who !== undefined && this.isBlocked(who);
  }

  isHidden({ conversation, from }: Pick<MessageRow, 'conversation' | 'from'>): boolean {
    return isGroupId(conversation) && this.isBlocked(from);
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

  /** What this person has changed here, which other devices hear of. */
  async #save(row: PreferencesRow): Promise<Wishes> {
    await this.#write(withCounts(this.#row, row));
    this.sharing?.changed();
    return this.get();
  }

  async #merge(theirs: readonly SharedPreference[]): Promise<void> {
    const before = this.#row;
    const row = merged(before, theirs);
    if (row === before) return;
    await this.#write(row);
    await this.#init.onMerged?.(row.blocked.filter((name) => !before.blocked.includes(name)).map(nameIn));
  }

  async #write(row: PreferencesRow): Promise<void> {
    this.#row = row;
    await this.#init.disk.write([this.#init.tables.preferences.put(['self'], row)]);
  }
}

const nobody = (): undefined => undefined;

/** Of each event, the person whom blocking silences; a new event is to be judged here. */
const ABOUT: {
  readonly [E in PeerEvent['event']]: (event: Extract<PeerEvent, { event: E }>) => string | undefined;
} = {
  message: ({ conversation, from }) => (isGroupId(conversation) ? undefined : from),
  change: ({ from }) => from,
  typing: ({ user }) => user,
  group: ({ change, by }) => (change === 'invited' ? by : undefined),
  transfer: ({ direction, state, peer }) => (direction === 'in' && state === 'offered' ? peer : undefined),
  ready: nobody,
  sent: nobody,
  unread: nobody,
  setting: nobody,
  presence: nobody,
  trust: nobody,
  directory: nobody,
  link: nobody,
  upload: nobody,
  guest: nobody,
  seed: nobody,
  moderation: nobody,
  account: nobody,
  error: nobody,
};

export interface PreferencesServiceInit {
  readonly preferences: Preferences;
  /** What counts as not read depends on who is heard. */
  recount(): Promise<void>;
  /** Ends what goes straight between this person and that one. */
  part(user: string): void;
  /** Begins or ends what the network does only where it is wanted. */
  obey(): Promise<void>;
  /** @throws Failure usage 'name-invalid', 'send-self' */
  recipient(to: string): string;
}

/** The preferences as faces see them, with what follows from them. */
export class PreferencesService implements PreferencesApi {
  readonly #init: PreferencesServiceInit;

  constructor(init: PreferencesServiceInit) {
    this.#init = init;
  }

  get(): Wishes {
    return this.#init.preferences.get();
  }

  async set(
    wanted: Partial<Pick<Wishes, 'readReceipts' | 'typing' | 'lan' | 'mapping' | 'upgrades'>>,
  ): Promise<Wishes> {
    const wishes = await this.#init.preferences.set(wanted);
    await this.#init.obey();
    return wishes;
  }

  async mute(who: string, muted: boolean): Promise<Wishes> {
    const { preferences, recount, recipient } = this.#init;
    await preferences.mute(isGroupId(who) ? who : conversationWith(recipient(who)), muted);
    await recount();
    return preferences.get();
  }

  async block(user: string, blocked: boolean): Promise<Wishes> {
    const { preferences, recount, part, recipient } = this.#init;
    const name = recipient(user);
    await preferences.block(name, blocked);
    if (blocked) part(name);
    await recount();
    return preferences.get();
  }
}

function changed(before: readonly string[], name: string, wanted: boolean): string[] {
  const others = before.filter((one) => one !== name);
  return wanted ? [...others, name] : others;
}
