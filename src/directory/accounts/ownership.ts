import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { RegistrationMode } from '../../wire/directory.js';
import type { DirectoryRow, Tables } from '../rows.js';
import { newToken } from './invitations.js';

const KEY = 'self';

/**
 * Whose directory this is. The one-time owner invite of the first start makes whoever redeems it super-admin; one row
 * decides who that is, so that there is never a second.
 */
export class Ownership {
  readonly #tables: Tables;
  #row: DirectoryRow;

  private constructor(tables: Tables, row: DirectoryRow) {
    this.#tables = tables;
    this.#row = row;
  }

  static async open(
    tables: Tables,
    init: { clock: Clock; random: Random; directoryId: string; registration: RegistrationMode | undefined },
  ): Promise<Ownership> {
    const row = await tables.directory.update(KEY, (before) => {
      if (before !== undefined) {
        const { registration = before.registration } = init;
        return registration === before.registration ? undefined : { ...before, registration };
      }
      return {
        directoryId: init.directoryId,
        createdAt: init.clock.now(),
        registration: init.registration ?? 'open',
        ownerInvite: newToken(init.random),
      };
    });
    return new Ownership(tables, row!);
  }

  /** What the store says whose it is: another authority must not serve it. */
  static async directoryId(tables: Tables): Promise<string | undefined> {
    return (await tables.directory.get(KEY))?.directoryId;
  }

  /** Folded. */
  get owner(): string | undefined {
    return this.#row.owner;
  }

  get registration(): RegistrationMode {
    return this.#row.registration;
  }

  /** While there is no owner. */
  get invite(): string | undefined {
    return this.#row.owner === undefined ? this.#row.ownerInvite : undefined;
  }

  isOwnerInvite(token: string): boolean {
    return token === this.#row.ownerInvite;
  }

  /** @returns whether `folded` is the owner now; only one ever is */
  async claim(folded: string): Promise<boolean> {
    const row = await this.#tables.directory.update(KEY, (before) =>
      before === undefined || before.owner !== undefined ? undefined : { ...before, owner: folded },
    );
    if (row !== undefined) this.#row = row;
    return this.#row.owner === folded;
  }

  /** Whoever owned it before has the role of the account's own row then. */
  async handOver(folded: string): Promise<void> {
    const row = await this.#tables.directory.update(KEY, (before) => before && { ...before, owner: folded });
    if (row !== undefined) this.#row = row;
  }

  async setRegistration(registration: RegistrationMode): Promise<void> {
    const row = await this.#tables.directory.update(KEY, (before) => before && { ...before, registration });
    if (row !== undefined) this.#row = row;
  }
}
