import type { KeyObject } from 'node:crypto';
import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { type MlsEngine, type OwnKeyPackage, readWelcome } from '../../crypto/mls.js';
import type { LocalStore, Step } from '../../store/local.js';
import type { DeviceAddress } from '../../wire/directory.js';
import {
  CLOCK_SKEW_MS,
  KEY_PACKAGE_LIFETIME_MS,
  KEY_PACKAGES_KEPT,
  LAST_RESORT_EVERY_MS,
  LAST_RESORT_LIFETIME_MS,
} from '../../wire/limits.js';
import type { Tables } from '../storage/tables.js';
import type { MlsGroups } from './mls-groups.js';

export interface KeyPackagesInit {
  readonly tables: Tables;
  readonly store: LocalStore;
  readonly clock: Clock;
  readonly engine: MlsEngine;
  readonly groups: MlsGroups;
  readonly signatureKey: KeyObject;
  /** This device's certificate as it is now. */
  certificate(): Uint8Array;
  publish(packages: Uint8Array[], lastResort?: Uint8Array): Promise<unknown>;
}

/** X-Wing: what is recorded today stays secret when large quantum computers come. */
const DIRECT_SUITE = 'hybrid' as const;

interface Stored {
  readonly ref: Uint8Array;
  readonly private: Uint8Array;
  readonly public: Uint8Array;
  readonly lastResort?: boolean | undefined;
}

/**
 * This device's key packages. The private half stays here until a Welcome has used it, and goes with it: none twice. Only
 * the last resort is used again, and exchanged now and then: what was begun by it is as safe as this device's disk till then.
 */
export class KeyPackages {
  readonly #init: KeyPackagesInit;

  constructor(init: KeyPackagesInit) {
    this.#init = init;
  }

  /** What this device says of itself when it is added to a group, or makes one. */
  leaf(lifetime = KEY_PACKAGE_LIFETIME_MS) {
    const now = this.#init.clock.now();
    return {
      suite: DIRECT_SUITE,
      certificate: this.#init.certificate(),
      signatureKey: this.#init.signatureKey,
      lifetime: { notBefore: now - CLOCK_SKEW_MS, notAfter: now + lifetime },
    };
  }

  /** Makes so many new ones that KEY_PACKAGES_KEPT are at the directory; on disk first. */
  async refill(left: number): Promise<void> {
    const wanted = KEY_PACKAGES_KEPT - left;
    if (wanted <= 0) return;
    const made: OwnKeyPackage[] = [];
    while (made.length < wanted) made.push(await this.#init.engine.createKeyPackage(this.leaf()));
    const expires = this.#init.clock.now() + KEY_PACKAGE_LIFETIME_MS;
    await this.#init.store.write(
      made.map((one) => this.#init.tables.keyPackages.put([hex(one.ref)], { ...one, expires })),
    );
    await this.#init.publish(made.map((one) => one.public));
  }

  /**
   * Publishes another last resort, where the directory has none or it is old.
   * @param there what the directory says of it; undefined where it is older than such
   */
  async tendLastResort(there: boolean | undefined): Promise<void> {
    const { tables, clock, engine, store, publish } = this.#init;
    const before = await tables.lastResort.get('self');
    const now = clock.now();
    const isGood = before !== undefined && now >= before.at && now - before.at < LAST_RESORT_EVERY_MS;
    if (there === undefined || (there && isGood)) return;
    const made = await engine.createKeyPackage(this.leaf(LAST_RESORT_LIFETIME_MS));
    const expires = now + LAST_RESORT_LIFETIME_MS;
    await store.write([
      tables.keyPackages.put([hex(made.ref)], { ...made, expires, lastResort: true }),
      tables.lastResort.put(['self'], { ref: made.ref, at: now, ...(before && { former: before.ref }) }),
      ...(before?.former ? [tables.keyPackages.remove([hex(before.former)])] : []),
    ]);
    await publish([], made.public);
  }

  /** @throws Failure protocol 'welcome-unknown', where it is for no key package we still have */
  async matching(welcome: Uint8Array): Promise<Stored> {
    for (const ref of readWelcome(welcome).refs) {
      const stored = await this.#init.tables.keyPackages.get(hex(ref));
      if (stored) return stored;
    }
    throw new Failure('welcome-unknown');
  }

  /** It was used. @returns steps to be written with what it was used for */
  used({ ref, lastResort }: Stored): Step[] {
    return lastResort ? [] : [this.#init.tables.keyPackages.remove([hex(ref)])];
  }

  /** Whether a package which the directory gave out is of that device, whatever the directory says. */
  async isOf(keyPackage: Uint8Array, { device }: DeviceAddress): Promise<boolean> {
    try {
      const { certificate } = await this.#init.engine.readKeyPackage(keyPackage);
      return this.#init.groups.owner(certificate).device === device;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  }
}
