import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { sha256 } from '../../crypto/hash.js';
import { path, segments } from '../../store/keys.js';
import {
  CLOCK_SKEW_MS,
  KEY_PACKAGE_LIFETIME_MS,
  KEY_PACKAGES_KEPT,
  LAST_RESORT_LIFETIME_MS,
} from '../../wire/limits.js';
import type { Tables } from '../rows.js';

/** Given out for less than a package lives, so that whoever gets one has time to use it. */
const USABLE_MS = KEY_PACKAGE_LIFETIME_MS - 2 * CLOCK_SKEW_MS;
const LAST_RESORT_USABLE_MS = LAST_RESORT_LIFETIME_MS - 2 * CLOCK_SKEW_MS;

/**
 * Key packages (RFC 9420 §10) of each device, each given out once: whoever creates the row that says so has it. That row
 * stays as long as the package could live, so that publishing it again doesn't bring it back.
 */
export class KeyPackages {
  readonly #tables: Tables;
  readonly #clock: Clock;

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** @returns how many are kept now; what exceeds KEY_PACKAGES_KEPT is dropped */
  async publish(folded: string, device: string, packages: readonly Uint8Array[]): Promise<number> {
    const at = this.#clock.now();
    const kept = await this.count(folded, device);
    const fresh: string[] = [];
    for (const bytes of packages) {
      if (kept + fresh.length >= KEY_PACKAGES_KEPT) break;
      const key = path(folded, device, hex(sha256(bytes)));
      if ((await this.#tables.usedKeyPackages.get(key)) !== undefined) continue;
      if (await this.#tables.keyPackages.create(key, { package: bytes, at })) fresh.push(key);
    }
    return kept + fresh.length;
  }

  async count(folded: string, device: string): Promise<number> {
    let count = 0;
    for await (const { value } of this.#tables.keyPackages.range(below(folded, device))) {
      if (this.#isUsable(value.at)) count++;
    }
    return count;
  }

  /** The one that is given out when there is no other, again and again; in place of an earlier one. */
  async publishLastResort(folded: string, device: string, bytes: Uint8Array): Promise<void> {
    await this.#tables.lastResort.put(path(folded, device), { package: bytes, at: this.#clock.now() });
  }

  /** Undefined where the device has published none, or none that is usable still. */
  async lastResort(folded: string, device: string): Promise<Uint8Array | undefined> {
    const row = await this.#tables.lastResort.get(path(folded, device));
    return row && this.#clock.now() - row.at < LAST_RESORT_USABLE_MS ? row.package : undefined;
  }

  /** One that nobody else gets, or undefined where none is left. */
  async claim(folded: string, device: string): Promise<Uint8Array | undefined> {
    for await (const row of this.#tables.keyPackages.range(below(folded, device))) {
      const at = this.#clock.now();
      const first = this.#isUsable(row.value.at) && (await this.#tables.usedKeyPackages.create(row.key, { at }));
      await this.#tables.keyPackages.deleteAs(row);
      if (first) return row.value.package;
    }
    return undefined;
  }

  /** The device is gone. */
  async delete(folded: string, device: string): Promise<void> {
    await this.#tables.lastResort.delete(path(folded, device));
    for await (const row of this.#tables.keyPackages.range(below(folded, device))) {
      await this.#tables.usedKeyPackages.create(row.key, { at: this.#clock.now() });
      await this.#tables.keyPackages.deleteAs(row);
    }
  }

  /**
   * The store is older than what it gave out: some of these were given out already, nobody knows which, and of last resorts
   * newer ones may have taken their place. Their devices publish others.
   */
  async forgetAll(): Promise<void> {
    for await (const row of this.#tables.keyPackages.range()) {
      await this.#tables.usedKeyPackages.create(row.key, { at: this.#clock.now() });
      await this.#tables.keyPackages.deleteAs(row);
    }
    for await (const row of this.#tables.lastResort.range()) await this.#tables.lastResort.deleteAs(row);
  }

  /** Forgets what can't be used any more, or is of a device that is no more, and that it was. */
  async sweep(find: (folded: string, device: string) => Promise<unknown>): Promise<void> {
    for await (const row of this.#tables.keyPackages.range()) {
      const [folded, device] = segments(row.key) as [string, string];
      const isOf = this.#isUsable(row.value.at) && (await find(folded, device)) !== undefined;
      if (!isOf) await this.#tables.keyPackages.deleteAs(row);
    }
    for await (const row of this.#tables.lastResort.range()) {
      if (this.#clock.now() - row.value.at >= LAST_RESORT_USABLE_MS) await this.#tables.lastResort.deleteAs(row);
    }
    const old = this.#clock.now() - 2 * KEY_PACKAGE_LIFETIME_MS;
    for await (const row of this.#tables.usedKeyPackages.range()) {
      if (row.value.at < old) await this.#tables.usedKeyPackages.deleteAs(row);
    }
  }

  #isUsable(at: number): boolean {
    return this.#clock.now() - at < USABLE_MS;
  }
}

const below = (folded: string, device: string) => ({ prefix: `${path(folded, device)}/` });
