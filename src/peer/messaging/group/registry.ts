import { hex } from '../../../base/bytes.js';
import { Failure, hasCode } from '../../../base/errors.js';
import { notJoined } from '../../../wire/group-roster.js';
import { foldName, parseGroupName } from '../../../wire/names.js';
import type { GroupContext } from './context.js';
import type { NamedGroup } from './group.js';

export interface KnownGroupsInit extends GroupContext {
  /** Follows the group's log; in its queue. */
  catchUp(group: NamedGroup): Promise<void>;
}

/** The groups this device knows, by id and by name, and how it gets to know another one. */
export class KnownGroups {
  readonly #init: KnownGroupsInit;
  readonly #groups = new Map<string, NamedGroup>();

  constructor(init: KnownGroupsInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for (const group of await this.#init.store.all()) this.add(group);
  }

  all(): NamedGroup[] {
    return [...this.#groups.values()];
  }

  get(id: Uint8Array): NamedGroup | undefined {
    return this.#groups.get(hex(id));
  }

  add(group: NamedGroup): NamedGroup {
    this.#groups.set(hex(group.id), group);
    return group;
  }

  fresh(id: Uint8Array, name: string): NamedGroup {
    return this.add(this.#init.store.fresh(id, name));
  }

  remove({ id }: NamedGroup): void {
    this.#groups.delete(hex(id));
  }

  /** Without asking the directory. */
  named(name: string): NamedGroup | undefined {
    const folded = foldName(name);
    return this.all().find(({ row }) => foldName(row.name) === folded);
  }

  /** Undefined for a room that nobody has made. @throws Failure unknown 'group-unknown' */
  async find(name: string): Promise<NamedGroup | undefined> {
    const { name: wanted } = parseGroupName(name);
    const known = this.named(wanted);
    if (known) return known;
    const found = await this.#init.request('groups.find', { name: wanted });
    if (found.group === undefined) return undefined;
    const group = this.named(wanted) ?? this.fresh(found.group, found.name);
    try {
      if (group.row.acts === 0) await this.#init.enqueue(group, () => this.#init.catchUp(group));
    } catch (error) {
      this.remove(group);
      throw error;
    }
    return group;
  }

  /** @throws Failure unknown 'group-unknown' */
  async need(name: string): Promise<NamedGroup> {
    const group = await this.find(name);
    if (group === undefined) throw nobodyThere(name);
    return group;
  }

  /** One that this account is in. @throws Failure denied 'group-not-joined' */
  async joined(name: string): Promise<NamedGroup> {
    const group = await this.find(name).catch((error: unknown) => {
      if (!hasCode(error, 'not-invited')) throw error;
    });
    if (!group?.roster.isMember(this.#init.self.user)) throw notJoined(name);
    return group;
  }
}

const nobodyThere = (name: string): Failure =>
  new Failure('group-unknown', `nobody has entered #${name} yet`, { hint: `Enter it: /join ${name}` });
