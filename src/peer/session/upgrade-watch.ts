import type { Clock } from '../../base/clock.js';
import { version } from '../../base/package-files.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import type { EventFeed } from '../messaging/event-feed.js';
import type { Tables } from '../storage/tables.js';
import type { UpgradeRow } from '../storage/upgrade-row.js';
import { due, heard, NO_VOICES, told } from './upgrades.js';

export interface UpgradeWatchInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly scope: Scope;
  /** This account's name. */
  readonly self: string;
  readonly feed: EventFeed;
  isWanted(): boolean;
  onError(error: unknown): void;
}

/** Keeps what is heard of versions, and says what is due once somebody watches: whoever sends one message is not told. */
export class UpgradeWatch {
  readonly #init: UpgradeWatchInit;
  #row: UpgradeRow = NO_VOICES;
  #loaded: Promise<void> | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(init: UpgradeWatchInit) {
    this.#init = init;
  }

  /** @param user whose device says it; DIRECTORY for the directory */
  hear(user: string, agent: string | undefined): void {
    const { scope, feed, onError } = this.#init;
    scope.run(async () => {
      this.#loaded ??= this.#load();
      await this.#loaded;
      this.#keep(heard(this.#row, user, agent));
      if (this.#due() !== undefined) feed.whenWatched(() => this.#tell());
    }, onError);
  }

  async #load(): Promise<void> {
    this.#row = (await this.#init.tables.upgrade.get('self')) ?? NO_VOICES;
  }

  #due(): string | undefined {
    const { self, clock, isWanted } = this.#init;
    return isWanted() ? due(this.#row, version, self, clock.now()) : undefined;
  }

  #tell(): void {
    const newest = this.#due();
    if (newest === undefined) return;
    this.#keep(told(this.#row, newest, this.#init.clock.now()));
    this.#init.feed.emit({ event: 'account', change: 'upgrade', version: newest, own: version });
  }

  #keep(row: UpgradeRow): void {
    if (row === this.#row) return;
    this.#row = row;
    const { scope, disk, tables, onError } = this.#init;
    const write = async (): Promise<void> => {
      await disk.write([tables.upgrade.put(['self'], this.#row)]);
    };
    this.#written = this.#written.then(write, write);
    scope.run(() => this.#written, onError);
  }
}
