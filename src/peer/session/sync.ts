import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { readCrl } from '../../crypto/crl.js';
import { patchedCrl } from '../../crypto/crl-delta.js';
import type { CrlDelta, IncarnationId, Role } from '../../wire/directory.js';
import type { HandOver } from '../backup/hand-over.js';
import type { LocalDevice } from '../identity/local-device.js';
import { isGroupId, nameIn } from '../messaging/conversation.js';
import { permanenceOf } from '../messaging/permanence.js';
import { clockTrouble } from '../network/clock-difference.js';
import type { Welcome } from '../network/directory-client.js';
import type { Link } from '../network/link.js';
import type { Network } from '../network/network.js';
import type { Reporter } from './reporter.js';
import type { Services } from './services.js';

export interface SyncParts {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly network: Network;
  readonly services: Services;
  readonly handOver: HandOver;
  readonly reporter: Reporter;
}

const HOUSEKEEPING_MS = 10 * 60_000;

/**
 * Brings this device up to the state of its directory when that can be reached, and keeps it there:
 *
 * 1. The directory lets the device in: the revocation list, the role and the list of own devices are learnt.
 * 2. A profile that was restored from an older copy shows itself by the count of starts; its conversations begin anew.
 * 3. Where the directory's store was set back, what it has is compared with what this device holds, before anything is said.
 * 4. The mailbox is emptied. Direct messages wait for that: what is in it is older.
 * 5. Groups follow their logs; then what waits here leaves.
 * 6. The people one has conversations with are watched, and the certificate is renewed where that is due.
 */
export class Sync {
  readonly #parts: SyncParts;
  #caughtUp: Promise<void> = Promise.resolve();
  #mailboxEmptied: Promise<void> = Promise.resolve();
  #wasOnline = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** The mailbox has been emptied since the directory was last reached. Never rejects. */
  mailboxEmptied(): Promise<void> {
    return this.#mailboxEmptied;
  }

  /** Everything has been done since the directory was last reached. Never rejects. */
  caughtUp(): Promise<void> {
    return this.#caughtUp;
  }

  online(welcome: Welcome): void {
    // Later ones find the number that this very program has shown.
    const mayBeRestored = !this.#wasOnline;
    this.#wasOnline = true;
    const { services, scope, reporter } = this.#parts;
    services.state.expiration.check(welcome.now);
    services.contacts.forget();
    services.feed.emit({ event: 'directory', state: 'online' });
    const clocks = clockTrouble(this.#parts.clock.now(), welcome.now);
    if (clocks) reporter.report('', clocks);
    if (mayBeRestored && welcome.secondFactor === 'required') reporter.unlessAway(factorRequired(welcome.role));
    const compared = welcome.incarnation && services.setBack.expect(welcome.incarnation);
    let emptied = (): void => {};
    this.#mailboxEmptied = new Promise((resolve) => {
      emptied = resolve;
    });
    this.#caughtUp = this.#catchUp(welcome, mayBeRestored, emptied)
      .catch((error: unknown) => reporter.unlessAway(error))
      .finally(() => {
        emptied();
        compared?.();
      });
    scope.run(() => this.#caughtUp);
  }

  offline(retryIn: number): void {
    const { services } = this.#parts;
    services.contacts.forget();
    this.#caughtUp = Promise.resolve();
    this.#mailboxEmptied = Promise.resolve();
    services.feed.emit({ event: 'directory', state: 'offline', retryIn });
    services.groups.spread();
  }

  /** A link is up: what waits may go over it, and whoever has the newer revocation list hands it on. */
  linked(link: Link): void {
    const { services, self, scope, reporter } = this.#parts;
    link.ping();
    this.#parts.handOver.met(link);
    services.outbox.poke(link.device);
    services.groups.spread();
    if (link.remoteCrl <= self.anchor.crl.number) return;
    scope.run(
      async () => this.learnCrl((await link.request('crl.get', {})).crl),
      (error) => reporter.unlessAway(error),
    );
  }

  /** A newer list: judgements are made again, and links to whom it names end. */
  async learnCrl(der: Uint8Array): Promise<void> {
    const { self, services, network } = this.#parts;
    if (!(await self.learnCrl(der))) return;
    services.contacts.rejudge();
    services.groups.reconsider();
    for (const link of network.links.all()) {
      if (self.anchor.crl.isRevoked(link.certificate.serial)) link.close(revoked(link.certificate.user));
    }
  }

  /** Where ours is too old for the changes, or does not become the directory's by them, the whole list is asked for. */
  async learnCrlDelta(delta: CrlDelta): Promise<void> {
    const { anchor } = this.#parts.self;
    if (delta.number <= anchor.crl.number) return;
    const der = patchedCrl(anchor.crl, delta, anchor.trust);
    try {
      if (der) return await this.learnCrl(der);
    } catch (error) {
      if (!hasCode(error, 'crl-untrusted')) throw error;
    }
    const { crl } = await this.#parts.network.request('crl.get', { number: anchor.crl.number });
    if (crl) await this.takeCrl(crl);
  }

  /**
   * The directory's own list. One that can't be taken stops nothing: the one held stays in force. And where that is the
   * newer one the directory has lost it, and gets it back.
   */
  async takeCrl(der: Uint8Array): Promise<void> {
    try {
      await this.learnCrl(der);
    } catch (error) {
      if (toFailure(error).reason !== 'trust') throw error;
      if (hasCode(error, 'crl-rolled-back') && (await this.#returnCrl())) return;
      this.#parts.reporter.report('', error);
    }
  }

  /** The directory has found out, while this device was there, that its store was set back. */
  async hearIncarnation(incarnation: IncarnationId): Promise<void> {
    const { setBack, keyPackages } = this.#parts.services;
    if (!setBack.isOther(incarnation)) return setBack.hear(incarnation);
    const compared = setBack.expect(incarnation);
    try {
      await this.#returnCrl();
      await setBack.hear(incarnation);
      await keyPackages.tendLastResort(false);
    } finally {
      compared();
    }
  }

  async learnRole(role: Role): Promise<void> {
    const { self, services } = this.#parts;
    const { role: before, user } = self;
    await self.learnRole(role);
    if (role !== before) services.feed.emit({ event: 'moderation', action: 'role', user, by: '', role });
  }

  /** Renews the certificate now and then, as long as the scope lives. */
  keepHouse(): void {
    const { clock, scope, reporter } = this.#parts;
    scope.after(clock, HOUSEKEEPING_MS, () => {
      scope.run(
        () => this.#renewIfDue(),
        (error) => reporter.unlessAway(error),
      );
      this.keepHouse();
    });
  }

  async #catchUp(welcome: Welcome, mayBeRestored: boolean, emptied: () => void): Promise<void> {
    const { self, services, scope, reporter } = this.#parts;
    await this.#learnWelcomed(welcome);
    await self.learnRole(welcome.role);
    await services.ownDevices.changed(welcome.devicesVersion);
    // Before the mailbox, so that who is blocked elsewhere is so here; but where it fails, messages come all the same.
    await services.preferences.sharing?.hear(welcome.preferences).catch((error) => reporter.unlessAway(error));
    await services.moderation.hearOfOperator(welcome.operatorAct);
    const isRestored = mayBeRestored && welcome.startsSeen >= self.starts;
    if (isRestored) {
      await self.skipStarts(welcome.startsSeen);
      await this.#startAnew();
      await services.keyPackages.refill(0);
    } else await services.keyPackages.refill(welcome.keyPackages);
    if (welcome.incarnation) await services.setBack.hear(welcome.incarnation, welcome.stamp);
    await services.mail.drain();
    emptied();
    // Behind the mailbox: what has been begun by the one before last is in it. Of a restored copy nobody knows what it has.
    await services.keyPackages.tendLastResort(welcome.lastResort && !isRestored);
    await services.groups.sync();
    services.uploads.resume();
    services.guests.resume();
    services.transfers.directoryIsBack();
    services.sender.flushAll();
    services.outbox.poke();
    this.#parts.handOver.seek();
    scope.run(
      () => this.#watchContacts(),
      (error) => reporter.unlessAway(error),
    );
    await this.#renewIfDue();
  }

  /** A directory that was set back may have passed the number of the list it lost, and have fewer on its new one. */
  async #learnWelcomed({ crl, incarnation }: Welcome): Promise<void> {
    const isSetBack = incarnation !== undefined && this.#parts.services.setBack.isOther(incarnation);
    if (!isSetBack || !this.#lacksOurs(crl)) return crl && this.takeCrl(crl);
    await this.#returnCrl();
    const { number } = this.#parts.self.anchor.crl;
    const newest = (await this.#parts.network.request('crl.get', { number })).crl;
    if (newest) await this.takeCrl(newest);
  }

  /** @param given undefined where it has the number of the one held here, which it may have given twice */
  #lacksOurs(given: Uint8Array | undefined): boolean {
    const { crl, trust } = this.#parts.self.anchor;
    if (given === undefined) return true;
    try {
      const list = readCrl(given, trust);
      return list.number <= crl.number || crl.revocations.some(({ serial }) => !list.isRevoked(serial));
    } catch {
      return false;
    }
  }

  /** @returns whether the directory took it */
  async #returnCrl(): Promise<boolean> {
    const { network, self, reporter } = this.#parts;
    try {
      await network.request('crl.put', { crl: self.anchor.crl.der });
      return true;
    } catch (error) {
      if (toFailure(error).reason === 'unreachable') throw error;
      if (!hasCode(error, 'method-unknown')) reporter.report('', error);
      return false;
    }
  }

  /** A restored copy of an older state must not be used for sealing: all conversations begin anew. */
  async #startAnew(): Promise<void> {
    const { groups, sender, directGroups } = this.#parts.services;
    await groups.startAnew();
    for (const user of await this.#contacts()) await sender.enqueue(user, () => directGroups.abandon(user));
  }

  /** Asks for everybody we have a conversation with, so that the directory tells us when they come and go. */
  async #watchContacts(): Promise<void> {
    const { services, network, reporter } = this.#parts;
    for (const user of await this.#contacts()) {
      if (!network.isOnline) return;
      await services.contacts.current(user).catch((error: unknown) => {
        // Who is gone doesn't come: there is nobody to watch, and nothing to say of it at every start.
        if (permanenceOf(toFailure(error)) !== 'account') reporter.unlessAway(error);
      });
      services.sender.devicesChanged(user);
    }
  }

  async #contacts(): Promise<readonly string[]> {
    const conversations = await this.#parts.services.reader.conversations();
    return conversations.flatMap(({ conversation }) => (isGroupId(conversation) ? [] : [nameIn(conversation)]));
  }

  async #renewIfDue(): Promise<void> {
    const { self, clock, network } = this.#parts;
    if (!network.isOnline || !self.wantsRenewal(clock.now())) return;
    const { certificate } = await network.request('renew', { csr: self.csr() });
    await self.renewed(certificate);
  }
}

const factorRequired = (role: Role): Failure =>
  new Failure('second-factor-required', `Your role '${role}' needs a second factor on this directory.`);

const revoked = (user: string): Failure =>
  new Failure('certificate-revoked', `a device of ${user} has been revoked`, {
    hint: `Ask ${user} whether they know why.`,
  });
