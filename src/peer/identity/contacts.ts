import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { DeviceCertificate } from '../../crypto/certificate.js';
import { fingerprint } from '../../crypto/safety.js';
import type { LocalStore } from '../../store/local.js';
import type { DeviceAddress, Endpoint, PresenceState, Roster } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { PresenceEvent, TrustEvent } from '../api/events.js';
import type { TrustState } from '../api/peer.js';
import type { ContactRow, Tables } from '../storage/tables.js';
import type { TrustAnchor } from './trust-anchor.js';

export interface ContactDevice {
  readonly user: string;
  readonly device: string;
  readonly certificate: DeviceCertificate;
  /** The account's. */
  readonly identityKey: Uint8Array;
  readonly endpoints: readonly Endpoint[];
  readonly state: PresenceState;
}

export interface Contact {
  readonly user: string;
  readonly identityKey: Uint8Array;
  readonly trust: TrustState;
  /** Those whose certificate is good now: whom a link may be made to. */
  readonly devices: readonly ContactDevice[];
  /** Whom messages are sealed for: besides, those whose certificate has ended while they are away. */
  readonly addressees: readonly DeviceAddress[];
}

export interface ContactsInit {
  readonly tables: Tables;
  readonly store: LocalStore;
  readonly anchor: TrustAnchor;
  readonly clock: Clock;
  readonly self: { readonly user: string; readonly identityKey: Uint8Array };
  /** Undefined while the directory can't be reached. */
  fetchRoster(user: string): Promise<{ roster: Uint8Array; signature: Uint8Array } | undefined>;
  /** A device of this account has shown its certificate, which the account's identity has signed. */
  onOwn(certificate: DeviceCertificate): void;
  emit(event: TrustEvent | PresenceEvent): void;
}

export const identityChanged = (user: string): Failure =>
  new Failure('identity-changed', `the identity of ${user} is not the one you know`, {
    hint: `Ask ${user} by another way whether they made a new account. If so: /verify ${user} accept. Until then nothing is sent.`,
    details: { user },
  });

/** How long a judgement of certificates holds before expiry and revocation are looked at again. */
const JUDGED_FOR_MS = 30_000;

/**
 * Who the others are. A person's identity key is pinned when first met; the directory's word on their devices is
 * believed only as far as that key has signed them.
 */
export class Contacts {
  readonly #init: ContactsInit;
  readonly #rows = new Map<string, ContactRow>();
  /** Users whose roster is watched, and so as fresh as the directory's notices. */
  readonly #fresh = new Set<string>();
  #forgotten = 0;
  readonly #asking = new Map<string, Promise<ContactRow>>();
  readonly #judged = new WeakMap<ContactRow, { contact: Contact; at: number }>();

  constructor(init: ContactsInit) {
    this.#init = init;
  }

  /** A new revocation list: every judgement is made again. */
  rejudge(): void {
    for (const [folded, row] of this.#rows) this.#rows.set(folded, { ...row });
  }

  /** The roster of `user` has changed, or of everybody where the directory was lost. */
  forget(user?: string): void {
    this.#forgotten++;
    if (user === undefined) this.#fresh.clear();
    else this.#fresh.delete(foldName(user));
  }

  /**
   * The person as pinned, with the devices they have now, as far as the directory can be asked.
   * @throws Failure 'user-unknown', 'identity-changed', 'directory-offline' for a stranger
   */
  async resolve(user: string): Promise<Contact> {
    const row = await this.current(user);
    if (row.trust === 'changed') throw identityChanged(row.user);
    return this.#contact(row);
  }

  /**
   * Whom messages to the person are sealed for.
   * @throws Failure as `resolve`; trust 'crl-stale', where nobody can say who was shut out: then nobody is left out for it
   */
  async addressed(user: string): Promise<Contact> {
    const contact = await this.resolve(user);
    this.#init.anchor.assertFresh();
    return contact;
  }

  /** The same without judging the trust. */
  async current(user: string): Promise<ContactRow> {
    const folded = foldName(user);
    const known = await this.#row(folded);
    if (known && this.#fresh.has(folded)) return known;
    // Many may ask for the same person at once: the directory is asked once.
    const asking =
      this.#asking.get(folded) ?? this.#ask(user, folded, known).finally(() => this.#asking.delete(folded));
    this.#asking.set(folded, asking);
    return asking;
  }

  async #ask(user: string, folded: string, known: ContactRow | undefined): Promise<ContactRow> {
    const forgotten = this.#forgotten;
    const answer = await this.#init.fetchRoster(user);
    if (answer === undefined) {
      if (known) return known;
      throw new Failure('directory-offline', `the directory cannot be asked who ${user} is`, {
        hint: 'Try again when the directory can be reached (p2pchat doctor).',
      });
    }
    const roster = this.#init.anchor.readRoster(answer.roster, answer.signature, folded);
    const row = await this.#learn(known, roster, answer);
    if (known?.roster === undefined && folded !== foldName(this.#init.self.user)) this.#tellPresence(roster);
    // A notice may have come while the older answer was under way.
    if (forgotten === this.#forgotten) this.#fresh.add(folded);
    return row;
  }

  /** From the first roster on, the directory tells what changes; how it is until then is told here. */
  #tellPresence({ user, devices }: Roster): void {
    const state = (['online', 'away'] as const).find((each) => devices.some((device) => device.state === each));
    if (state !== undefined) this.#init.emit({ event: 'presence', user, state });
  }

  /** Everybody whose identity is pinned and not in doubt, so many. */
  async pinned(limit: number): Promise<readonly Pick<Contact, 'user' | 'identityKey'>[]> {
    const pinned: Pick<Contact, 'user' | 'identityKey'>[] = [];
    for await (const { user, identityKey, trust } of this.#init.tables.contacts.range([], { limit })) {
      if (trust !== 'changed') pinned.push({ user, identityKey });
    }
    return pinned;
  }

  /** A certificate shown on a link or in a group: its identity must be the pinned one, where there is one. */
  async admit(certificate: DeviceCertificate): Promise<void> {
    if (certificate.folded === foldName(this.#init.self.user)) {
      if (!sameBytes(certificate.identityKey, this.#init.self.identityKey)) throw identityChanged(certificate.user);
      this.#init.onOwn(certificate);
      return;
    }
    const row = await this.#row(certificate.folded);
    if (row === undefined) await this.#pin(certificate.user, certificate.identityKey);
    else if (!sameBytes(row.identityKey, certificate.identityKey)) {
      await this.#offer(row, certificate.identityKey);
      throw identityChanged(row.user);
    }
  }

  /** What another device of this account knows of somebody: a stranger here is pinned, and who was verified there is so here. */
  async learn(known: ContactRow): Promise<void> {
    const row = await this.#row(foldName(known.user));
    if (row === undefined) await this.#save(known, undefined);
    else if (known.trust === 'verified' && row.trust === 'new' && sameBytes(known.identityKey, row.identityKey)) {
      await this.#save({ ...row, trust: 'verified' }, 'verified');
    }
  }

  async verify(user: string): Promise<ContactRow> {
    const row = await this.current(user);
    if (row.trust === 'changed') throw identityChanged(row.user);
    return this.#save({ ...row, trust: 'verified' }, 'verified');
  }

  /** The number of the key that is offered now was shown to the person. */
  async shown(row: ContactRow): Promise<void> {
    const { shownKey, offeredKey } = row;
    if (row.trust !== 'changed' || offeredKey === undefined || (shownKey && sameBytes(shownKey, offeredKey))) return;
    await this.#save({ ...row, shownKey: offeredKey }, undefined);
  }

  /**
   * Pins the key which the directory shows now, where that is the one that was shown to the person.
   * @param isMeant whether a key is the one whose number was given; without, it is the one last shown or told of here
   * @param before done before it is pinned, while nothing is sent to either key; where it fails nothing is pinned
   * @returns undefined where there is nothing to accept
   * @throws Failure trust 'identity-changed-again'
   */
  async accept(
    user: string,
    isMeant?: (key: Uint8Array) => boolean,
    before: (user: string) => Promise<void> = async () => {},
  ): Promise<ContactRow | undefined> {
    const known = await this.#row(foldName(user));
    const told = known?.trust === 'changed' ? (known.shownKey ?? known.offeredKey) : undefined;
    const row = await this.current(user);
    if (row.trust !== 'changed' || row.offeredKey === undefined) return undefined;
    const meant = isMeant ?? ((key: Uint8Array) => told !== undefined && sameBytes(told, key));
    if (!meant(row.offeredKey)) throw new Failure('identity-changed-again');
    await before(row.user);
    this.#fresh.delete(foldName(user));
    return this.#save({ user: row.user, identityKey: row.offeredKey, trust: 'new' }, 'new');
  }

  async #learn(
    known: ContactRow | undefined,
    roster: Roster,
    answer: { roster: Uint8Array; signature: Uint8Array },
  ): Promise<ContactRow> {
    const proof = { roster: answer.roster, rosterSignature: answer.signature };
    if (
      foldName(roster.user) === foldName(this.#init.self.user) &&
      !sameBytes(roster.identityKey, this.#init.self.identityKey)
    ) {
      throw identityChanged(roster.user);
    }
    if (known === undefined) return this.#pin(roster.user, roster.identityKey, proof);
    if (!sameBytes(known.identityKey, roster.identityKey)) return this.#offer(known, roster.identityKey);
    return this.#save({ ...known, ...proof }, undefined);
  }

  #pin(user: string, identityKey: Uint8Array, proof: Partial<ContactRow> = {}): Promise<ContactRow> {
    const row: ContactRow = { user, identityKey, trust: 'new', ...proof };
    return this.#save(row, foldName(user) === foldName(this.#init.self.user) ? undefined : 'new');
  }

  async #offer(row: ContactRow, offeredKey: Uint8Array): Promise<ContactRow> {
    if (row.trust === 'changed' && row.offeredKey && sameBytes(row.offeredKey, offeredKey)) return row;
    return this.#save({ ...row, trust: 'changed', offeredKey }, 'changed');
  }

  async #save(row: ContactRow, change: TrustEvent['change'] | undefined): Promise<ContactRow> {
    this.#rows.set(foldName(row.user), row);
    await this.#init.store.write([this.#init.tables.contacts.put([foldName(row.user)], row)]);
    if (change) {
      const key = change === 'changed' ? row.offeredKey! : row.identityKey;
      this.#init.emit({ event: 'trust', user: row.user, change, fingerprint: fingerprint(key) });
    }
    return row;
  }

  async #row(folded: string): Promise<ContactRow | undefined> {
    const cached = this.#rows.get(folded);
    if (cached) return cached;
    const row = await this.#init.tables.contacts.get(folded);
    // Two readers at once: the one that came first may have changed it already.
    if (row && !this.#rows.has(folded)) this.#rows.set(folded, row);
    return this.#rows.get(folded);
  }

  /** Judging certificates is dear, and a contact is asked for with every message. */
  #contact(row: ContactRow): Contact {
    const now = this.#init.clock.monotonic();
    const cached = this.#judged.get(row);
    if (cached && now - cached.at < JUDGED_FOR_MS) return cached.contact;
    const contact = this.#judge(row);
    this.#judged.set(row, { contact, at: now });
    return contact;
  }

  #judge(row: ContactRow): Contact {
    const { user, identityKey, trust } = row;
    const contact = { user, identityKey, trust };
    if (row.roster === undefined || row.rosterSignature === undefined)
      return { ...contact, devices: [], addressees: [] };
    const { anchor } = this.#init;
    const roster = anchor.readRoster(row.roster, row.rosterSignature, foldName(user));
    const devices = this.#devices(roster, identityKey, (der) => anchor.judgeDevice(der));
    const addressees = this.#devices(roster, identityKey, (der) => anchor.judgeAddressee(der));
    return { ...contact, devices, addressees: addressees.map((one) => ({ user: one.user, device: one.device })) };
  }

  #devices(
    roster: Roster,
    identityKey: Uint8Array,
    judge: (certificate: Uint8Array) => DeviceCertificate,
  ): ContactDevice[] {
    const devices: ContactDevice[] = [];
    for (const { certificate: der, endpoints, state } of roster.devices) {
      const certificate = judged(() => judge(der));
      if (certificate?.folded !== foldName(roster.user) || !sameBytes(certificate.identityKey, identityKey)) continue;
      devices.push({ user: roster.user, device: certificate.deviceId, certificate, identityKey, endpoints, state });
    }
    return devices;
  }
}

/** Undefined for what is refused. */
function judged<T>(judge: () => T): T | undefined {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
