import { hex } from '../../../base/bytes.js';
import { Failure, hasCode } from '../../../base/errors.js';
import { notJoined } from '../../../wire/group-roster.js';
import { foldName, parseGroupName } from '../../../wire/names.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';

export interface GroupRegistryInit extends GroupContext {
  /** Follows the group's log; in its queue. */
  catchUp(group: Group): Promise<void>;
}

/** The groups this device knows, by id and by name, and how it gets to know another one. */
export class GroupRegistry {
  readonly #init: GroupRegistryInit;
  readonly #groups = new Map<string, Group>();

  constructor(init: GroupRegistryInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for (const group of await this.#init.store.all()) this.add(group);
  }

  all(): Group[] {
    return [...this.#groups.values()];
  }

  get(id: Uint8Array): Group | undefined {
    return this.#groups.get(hex(id));
  }

  add(group: Group): Group {
    this.#groups.set(hex(group.id), group);
    return group;
  }

  fresh(id: Uint8Array, name: string): Group {
    return this.add(this.#init.store.fresh(id, name));
  }

  remove({ id }: Group): void {
    this.#groups.delete(hex(id));
  }

  /** Without asking the directory. */
  named(name: string): Group | undefined {
    const folded = foldName(name);
    return this.all().find(({ row }) => foldName(row.name) === folded);
  }

  /** Undefined for a room that nobody has made. @throws Failure unknown 'group-unknown' */
  async find(name: string): Promise<Group | undefined> {
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
  async need(name: string): Promise<Group> {
    const group = await this.find(name);
    if (group === undefined) throw nobodyThere(name);
    return group;
  }

  /** One that this account is in. @throws Failure denied 'group-not-joined' */
  async joined(name: string): Promise<Group> {
    const group = await this.find(name).catch((error: unknown) => {
      if (!hasCode(error, 'not-invited')) throw error;
    });
    if (!group?.roster.isMember(this.#init.self.user)) throw notJoined(name);
    return group;
  }
}

const nobodyThere = (name: string): Failure =>
  new Failure('group-unknown', `nobody has entered #${name} yet`, { hint: `Enter it: /join ${name}` });
