import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { patchedCrl } from '../../crypto/crl-delta.js';
import { directoryClientTls } from '../../crypto/tls.js';
import {
  ALPN_DIRECTORY,
  type CrlDelta,
  type DeviceAddress,
  type DirectoryNotices,
  type PresenceState,
  type Role,
} from '../../wire/directory.js';
import { PROTOCOL_VERSIONS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { parcelCodec } from '../../wire/peer-link.js';
import type { Notice, NoticeName } from '../../wire/rpc.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { DeliveryLink, QueuedItem } from '../messaging/direct/device-queue.js';
import { LinkReceiver } from '../messaging/direct/link-receiver.js';
import { permanenceOf } from '../messaging/permanence.js';
import type { Core } from '../session/core.js';
import { NoticeHandlers } from '../session/directory-notices.js';
import { dialDirectory } from './dial-directory.js';
import { DirectoryClient, type Welcome } from './directory-client.js';
import type { Link } from './link.js';
import { LinkEvents } from './link-events.js';
import { LinkManager } from './link-manager.js';
import type { ListenAddress } from './listen-address.js';
import { agent } from './user-agent.js';

export interface NetworkInit {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  /** Made after this, because each needs the other. */
  core(): Core;
  /** The directory won't have this device any more. */
  onRefused(why: Failure): void;
}

const HOUSEKEEPING_MS = 10 * 60_000;

/** The peer's two ways out: the channel to its directory, and direct links to others. */
export class Network {
  readonly #init: NetworkInit;
  readonly #instance: Uint8Array;
  readonly #links: LinkManager;
  readonly linkEvents: LinkEvents;
  readonly #intake: LinkReceiver;
  readonly #notices: NoticeHandlers;
  #client: DirectoryClient | undefined;
  #presence: PresenceState = 'online';
  /** Direct messages wait for the mailbox to be emptied: what is in it is older. */
  #caughtUp: Promise<void> = Promise.resolve();
  #welcome: Welcome | undefined;

  constructor(init: NetworkInit) {
    this.#init = init;
    const { self, clock, scope, random } = init;
    this.#instance = random.bytes(16);
    this.#links = new LinkManager({
      clock,
      scope,
      instance: this.#instance,
      device: self.device,
      identity: () => self.tls(),
      handlers: {
        deliver: (params, link) => this.#intake.deliver(params, link),
        typing: (active, { certificate }) => init.core().talk.typingOf(certificate.user, active),
        crl: () => self.anchor.crl,
      },
      admit: async (der) => {
        const certificate = self.anchor.judgeDevice(der);
        // To somebody blocked this device looks like one that is away.
        if (init.core().preferences.isBlocked(certificate.user)) throw doorShut();
        await init.core().contacts.admit(certificate);
        return certificate;
      },
      onLink: (link) => this.#linked(link),
      onLost: (link) => {
        this.linkEvents.changed(link);
        init.core().outbox.poke(link.device);
      },
      onChange: (link) => this.linkEvents.changed(link),
      onStream: ({ user, deviceId: device }, id, stream) =>
        init.core().transfers.takeStream({ user, device }, id, stream),
    });
    const isOnline = (): boolean => this.directoryState === 'online';
    this.#intake = new LinkReceiver({ core: init.core, isOnline, caughtUp: () => this.#caughtUp });
    this.#notices = new NoticeHandlers({
      ...{ self, core: init.core, links: this.#links },
      learnCrl: (der) => this.#learnCrl(der),
      learnChanges: (delta) => this.#learnChanges(delta),
    });
    this.linkEvents = new LinkEvents(
      (event) => init.core().feed.emit(event),
      () => this.#links.all(),
    );
  }

  get directoryState(): 'online' | 'offline' {
    return this.#client?.state ?? 'offline';
  }

  /** What the directory said when it last let us in. */
  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  get links(): LinkManager {
    return this.#links;
  }

  /** Listens, and tries the directory once; resolves whether or not it answers. */
  async start(listen: ListenAddress): Promise<void> {
    await this.#links.listen(listen);
    const { clock, random, scope } = this.#init;
    this.#client = new DirectoryClient({
      clock,
      random,
      scope,
      connect: (signal) => this.#connect(signal),
      hello: () => this.#hello(),
      onOnline: (welcome) => this.#online(welcome),
      onOffline: (why, retryIn) => this.#offline(why, retryIn),
      onRefused: (why) => this.#init.onRefused(why),
      onNotice: (notice, params) => this.#notice(notice, params),
    });
    await this.#client.firstTry;
    await this.#caughtUp;
    this.#keepHouse();
  }

  /** @throws Failure unreachable 'directory-offline', before the first try to reach it */
  get client(): DirectoryClient {
    // What is kept is loaded, and tried, before there is a connection.
    if (this.#client === undefined) throw notTriedYet();
    return this.#client;
  }

  async setPresence(state: 'online' | 'away'): Promise<void> {
    this.#presence = state;
    if (this.directoryState === 'online') await this.client.request('presence.set', { state });
  }

  /** The link to a device, dialled if need be; undefined where it can't be reached. */
  async link({ user, device }: DeviceAddress): Promise<DeliveryLink | undefined> {
    const known = this.#links.get(device);
    if (known) return laneLink(known);
    const { devices } = await this.#init.core().contacts.resolve(user);
    const target = devices.find((one) => one.device === device);
    if (target === undefined || this.#init.core().preferences.isBlocked(user)) return undefined;
    if (this.directoryState === 'online' && target.state === 'offline') return undefined;
    const link = await this.#links.reach(target);
    return link && laneLink(link);
  }

  /** Tells whoever of the person's devices a link is up to. */
  typing(user: string, active: boolean): void {
    for (const link of this.#links.all()) if (link.certificate.folded === foldName(user)) link.typing(active);
  }

  /** Nothing goes straight between this person and that one any more. */
  part(user: string): void {
    for (const link of this.#links.all()) if (link.certificate.folded === foldName(user)) link.close(doorShut());
  }

  /** The host at the other end of the link to a device, where there is one. */
  linkedFrom(device: string): string | undefined {
    const address = this.#links.get(device)?.address ?? '';
    return address === '' ? undefined : address.replace(/^::ffff:(?=\d+\.)/i, '');
  }

  /** A connection of its own for a transfer; undefined where the device does not answer. */
  async stream({ user, device }: DeviceAddress, transfer: Uint8Array): Promise<Duplex | undefined> {
    const { devices } = await this.#init.core().contacts.resolve(user);
    const target = devices.find((one) => one.device === device);
    return target && this.#links.openStream(target, transfer);
  }

  /** Into the mailbox of a device, in order. */
  async store({ user, device }: DeviceAddress, items: readonly QueuedItem[]): Promise<void> {
    const parcels = items.map(({ id, group, sealed }) => ({
      user,
      device,
      id,
      sealed: parcelCodec.encode({ kind: 'message', group, sealed }),
    }));
    await this.client.request('mailbox.put', { parcels });
  }

  async #connect(signal: AbortSignal) {
    const { self, clock } = this.#init;
    const options = directoryClientTls(self.tls());
    return (await dialDirectory(self.link, options, ALPN_DIRECTORY, { now: clock.now(), signal })).socket;
  }

  #hello() {
    return {
      versions: [...PROTOCOL_VERSIONS],
      agent,
      instance: this.#instance,
      endpoints: this.#links.endpoints(),
      state: this.#presence,
      starts: this.#init.self.starts,
      crl: this.#init.self.anchor.crl.number,
    };
  }

  #online(welcome: Welcome): void {
    // Later ones find the number that this very program has shown.
    const mayBeRestored = this.#welcome === undefined;
    this.#welcome = welcome;
    const { core, scope } = this.#init;
    core().talk.expiry.check(welcome.now);
    core().contacts.forget();
    core().feed.emit({ event: 'directory', state: 'online' });
    if (mayBeRestored && welcome.secondFactor === 'required') this.#report(factorRequired(welcome.role));
    this.#caughtUp = this.#catchUp(welcome, mayBeRestored).catch((error: unknown) => this.#report(error));
    scope.run(() => this.#caughtUp);
  }

  async #catchUp(welcome: Welcome, mayBeRestored: boolean): Promise<void> {
    const { self } = this.#init;
    const core = this.#init.core();
    if (welcome.crl) await this.#learnCrl(welcome.crl);
    await self.learnRole(welcome.role);
    await core.ownDevices.changed(welcome.devicesVersion);
    const isRestored = mayBeRestored && welcome.startsSeen >= self.starts;
    if (isRestored) {
      await self.skipStarts(welcome.startsSeen);
      await core.startAnew();
      await core.keyPackages.refill(0);
    } else await core.keyPackages.refill(welcome.keyPackages);
    await core.drainMailbox();
    // Behind the mailbox: what has been begun by the one before last is in it. Of a restored copy nobody knows what it has.
    await core.keyPackages.tendLastResort(welcome.lastResort && !isRestored);
    await core.named.sync();
    core.uploads.resume();
    core.messenger.flushAll();
    core.outbox.poke();
    this.#init.scope.run(
      () => this.#watchContacts(),
      (error) => this.#report(error),
    );
    await this.#renewIfDue();
  }

  /** Asks for everybody we have a conversation with, so that the directory tells us when they come and go. */
  async #watchContacts(): Promise<void> {
    const core = this.#init.core();
    for (const { conversation } of await core.scrollback.conversations()) {
      if (this.directoryState === 'offline') return;
      if (!conversation.startsWith('@')) continue;
      const user = conversation.slice(1);
      await core.contacts.current(user).catch((error: unknown) => {
        // Who is gone doesn't come: there is nobody to watch, and nothing to say of it at every start.
        if (permanenceOf(toFailure(error)) !== 'account') this.#report(error);
      });
      core.messenger.devicesChanged(user);
    }
  }

  #offline(_why: Failure, retryIn: number): void {
    const core = this.#init.core();
    core.contacts.forget();
    this.#caughtUp = Promise.resolve();
    core.feed.emit({ event: 'directory', state: 'offline', retryIn });
    core.named.spread();
  }

  #notice<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void {
    this.#init.scope.run(
      () => this.#notices.take(notice, params),
      (error) => this.#report(error),
    );
  }

  #linked(link: Link): void {
    const { core, self, scope } = this.#init;
    this.linkEvents.changed(link);
    link.ping();
    core().outbox.poke(link.device);
    core().named.spread();
    if (link.remoteCrl <= self.anchor.crl.number) return;
    scope.run(
      async () => this.#learnCrl((await link.request('crl.get', {})).crl),
      (error) => this.#report(error),
    );
  }

  /** A newer list: judgements are made again, and links to whom it names end. */
  async #learnCrl(der: Uint8Array): Promise<void> {
    const { self, core } = this.#init;
    if (!(await self.learnCrl(der))) return;
    core().contacts.rejudge();
    core().named.reconsider();
    for (const link of this.#links.all()) {
      if (self.anchor.crl.isRevoked(link.certificate.serial)) link.close(revoked(link.certificate.user));
    }
  }

  /** Where ours is too old for the changes, or does not become the directory's by them, the whole list is asked for. */
  async #learnChanges(delta: CrlDelta): Promise<void> {
    const { anchor } = this.#init.self;
    if (delta.number <= anchor.crl.number) return;
    const der = patchedCrl(anchor.crl, delta, anchor.trust);
    try {
      if (der) return await this.#learnCrl(der);
    } catch (error) {
      if (!hasCode(error, 'crl-untrusted')) throw error;
    }
    const { crl } = await this.client.request('crl.get', { number: anchor.crl.number });
    if (crl) await this.#learnCrl(crl);
  }

  #keepHouse(): void {
    const { clock, scope } = this.#init;
    const cancel = clock.after(HOUSEKEEPING_MS, () => {
      scope.run(
        () => this.#renewIfDue(),
        (error) => this.#report(error),
      );
      this.#keepHouse();
    });
    scope.defer(cancel);
  }

  async #renewIfDue(): Promise<void> {
    const { self, clock } = this.#init;
    if (this.directoryState === 'offline' || !self.wantsRenewal(clock.now())) return;
    const { certificate } = await this.client.request('renew', { csr: self.csr() });
    await self.renewed(certificate);
  }

  #report(error: unknown): void {
    const { code, message, hint, reason } = toFailure(error);
    if (reason === 'unreachable') return;
    this.#init.core().feed.emit({ event: 'error', code, message, hint });
  }
}

const laneLink = (link: Link): DeliveryLink => ({
  deliver: ({ id, group, sealed }) => link.request('deliver', { id, group, sealed }),
});

const notTriedYet = (): Failure =>
  new Failure('directory-offline', 'the directory has not been reached yet', {
    hint: 'It is tried when the program has started.',
  });

const factorRequired = (role: Role): Failure =>
  new Failure('second-factor-required', `Your role '${role}' needs a second factor on this directory.`);

const doorShut = (): Failure => new Failure('closed', 'there is no link between the two');

const revoked = (user: string): Failure =>
  new Failure('certificate-revoked', `a device of ${user} has been revoked`, {
    hint: `Ask ${user} whether they know why.`,
  });
