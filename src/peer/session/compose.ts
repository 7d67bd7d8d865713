import type { Clock } from '../../base/clock.js';
import { type Code, Failure, hasCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { Scope } from '../../base/scope.js';
import { sealForRecovery } from '../../crypto/recovery.js';
import { sealer } from '../../crypto/vault.js';
import type { OpenMulticast } from '../../net/multicast.js';
import { openLevelStore } from '../../store/level/open.js';
import type { LocalStore } from '../../store/local.js';
import { LAN_CONTACTS } from '../../wire/limits.js';
import type { Pairings } from '../account/pairings.js';
import { reenterByPassword } from '../account/reauthenticate.js';
import type { OpenPeer } from '../api/account.js';
import type { PeerApi } from '../api/peer.js';
import type { HandOver } from '../backup/hand-over.js';
import { LocalDevice } from '../identity/local-device.js';
import { LinkReceiver } from '../messaging/direct/link-receiver.js';
import { LinkEvents } from '../network/link-events.js';
import { ANY_ADDRESS, parseListen } from '../network/listen-address.js';
import { MappedPorts } from '../network/mapped-ports.js';
import { Network } from '../network/network.js';
import type { NetworkHandlers } from '../network/network-init.js';
import type { Transport } from '../network/transport.js';
import { type Profile, requireProfile, storeFolder, writeProfile } from '../storage/profile.js';
import { SetAside } from '../storage/set-aside.js';
import { openTables } from '../storage/tables.js';
import { historyOf } from './backups.js';
import { ComposedServices } from './composed-services.js';
import { directoryNotices } from './directory-notices.js';
import { pairingsOf } from './pairings.js';
import { Peer } from './peer.js';
import type { Services } from './services.js';
import { Sync } from './sync.js';
import type { UpgradeWatch } from './upgrade-watch.js';
import { DIRECTORY } from './upgrades.js';
import { upgradeWatchOf } from './watch-upgrades.js';

export interface Starting {
  readonly profile: Profile;
  /** Of the vault. */
  readonly key: Uint8Array;
  /** What is opened here ends with it. */
  readonly scope: Scope;
  readonly clock: Clock;
  readonly random: Random;
  /** What is thrown, where the directory refuses the device for it. */
  readonly reasons: readonly Code[];
  /** What was set aside by an opening that was given up; it is told by this one. */
  readonly found: Failure[];
  /** The store in the profile's folder, if not given. */
  readonly openStore?: (() => Promise<LocalStore>) | undefined;
  /** TLS over TCP, if not given. */
  readonly transport?: Transport | undefined;
}

/**
 * Puts a peer together on its store, lets it listen and tries the directory once.
 * @throws Failure storage 'store-in-use', usage 'port-busy', blocked 'account-banned', and what `reasons` name
 */
export async function startPeer(init: OpenPeer, starting: Starting): Promise<PeerApi> {
  const { scope, clock, random, reasons, found, transport } = starting;
  const { home } = init;
  const { openStore = () => openLevelStore({ folder: storeFolder(home) }) } = starting;
  const disk = await openStore();
  scope.defer(() => disk.close());
  const aside = new SetAside(disk, found);
  const tables = openTables(disk, sealer(starting.key, random), aside);
  const self = await LocalDevice.load(starting.profile, disk, tables, clock);
  await mendProfile(home, self, starting);
  const online = new Scope();
  const network = new Network({
    ...{ self, clock, random, transport, scope: online },
    multicast: init.lan === true ? speakOnWire : undefined,
    mapped: init.mapping === true ? new MappedPorts({ clock, random, scope: online }) : undefined,
    peers: init.peers?.map(parseListen),
  });
  const services = new ComposedServices({ home, self, disk, tables, clock, random, network, scope: online });
  const { reporter } = services;
  const kept = historyOf({ self, services, network, disk, tables, clock, random, scope: online });
  const { handOver } = kept;
  const sync = new Sync({ self, clock, network, services, handOver, reporter, scope: online });
  const linkEvents = new LinkEvents(
    (event) => services.feed.emit(event),
    () => network.links.all(),
  );
  const pairings = pairingsOf({ self, clock, random, scope: online, network, services, handOver });
  const peer = new Peer({
    ...{ home, scope, self, services, network, linkEvents, clock, random, aside, pairings },
    ...kept,
  });
  let refusal: Failure | undefined;
  const onRefused = (why: Failure): void => {
    refusal = why;
    reporter.report('', why);
    if (started) void peer.close();
  };
  let started = false;
  // The disk closes last: what the network brings in until its end is still written.
  scope.defer(() => services.close());
  scope.defer(() => handOver.idle());
  scope.defer(() => online.close());
  scope.defer(() => services.transfers.close());
  for (const failure of found) reporter.report('', failure);
  aside.onRow = (failure) => reporter.report('', failure);
  await services.load(aside);
  const listen = init.listen === undefined ? ANY_ADDRESS : parseListen(init.listen);
  const reenter = async (): Promise<void> => {
    // Whoever opens the profile does it, and can ask a person meanwhile.
    if (!started && reasons.includes('certificate-expired')) throw new Failure('certificate-expired');
    if (init.vaultKey !== undefined) throw new Failure('certificate-expired');
    await reenterByPassword(self, init.password, clock);
  };
  const here = { self, clock, scope: online };
  const upgrades = upgradeWatchOf({ ...here, tables, disk }, services);
  const parts = { ...here, network, services, upgrades, sync, handOver, pairings, linkEvents, onRefused, reenter };
  await network.start(listen, handlersOf(parts));
  await sync.caughtUp();
  sync.keepHouse();
  // Who is banned is told, with the reason and the end.
  if ((['account-banned', ...reasons] as const).some((code) => hasCode(refusal, code))) throw refusal;
  services.transfers.resume();
  await services.state.expiration.load(network.welcome?.now);
  started = true;
  return peer;
}

/** Loaded when it is needed: most runs of the program find the directory. */
const speakOnWire: OpenMulticast = async (onHeard) => (await import('../../net/multicast.js')).openMulticast(onHeard);

/**
 * Profiles of the first version had no copy of the vault's key for the recovery phrase; and a program may have ended
 * between a device's keys and its name.
 */
async function mendProfile(home: string, self: LocalDevice, { profile, key, random }: Starting): Promise<void> {
  if (profile.recovery !== undefined && profile.device === self.device) return;
  const recovery = profile.recovery ?? sealForRecovery(key, self.identity, random);
  await writeProfile(home, { ...(await requireProfile(home)), device: self.device, recovery });
}

interface HandlerParts {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly network: Network;
  readonly services: Services;
  readonly upgrades: UpgradeWatch;
  readonly sync: Sync;
  readonly handOver: HandOver;
  readonly pairings: Pairings;
  readonly linkEvents: LinkEvents;
  onRefused(why: Failure): void;
  reenter(): Promise<void>;
}

/** What the network hands in goes to the service it is for. */
function handlersOf(parts: HandlerParts): NetworkHandlers {
  const { self, clock, scope, network, services, upgrades, sync } = parts;
  const { handOver, pairings, linkEvents, onRefused, reenter } = parts;
  const { contacts, preferences, receiver, groups, mail, outbox, transfers, state } = services;
  const links = new LinkReceiver({
    ...{ clock, scope, receiver },
    takeForGroup: (incoming) => groups.takeAside(incoming),
    isOnline: () => network.isOnline,
    drainMailbox: () => mail.drain(),
    mailboxEmptied: () => sync.mailboxEmptied(),
  });
  return {
    links: {
      deliver: (params, link) => links.deliver(params, link),
      readHistory: (params, link) => handOver.read(params, link),
      historyAllowed: (link) => void handOver.allowed(link),
      historyConsents: (devices, link) => void handOver.consented(devices, link).catch(services.reporter.unlessAway),
      typing: (active, { certificate }) => state.typingOf(certificate.user, active),
    },
    notices: directoryNotices({ self, network, services, sync, pairings }),
    devices: async (user) => (await contacts.resolve(user)).devices,
    admit: (certificate) => contacts.admit(certificate),
    isWanted: (user) => !preferences.isBlocked(user),
    wantsLan: () => preferences.get().lan,
    wantsMapping: () => preferences.get().mapping,
    contacts: async () => {
      const own = { user: self.user, identityKey: self.identity.publicKey };
      const pinned = await contacts.pinned(LAN_CONTACTS);
      return [own, ...pinned.filter(({ user }) => !preferences.isBlocked(user))];
    },
    onStream: (from, transfer, stream) => transfers.takeStream(from, transfer, stream),
    onLink: (link) => {
      linkEvents.changed(link);
      upgrades.hear(link.certificate.user, link.agent);
      sync.linked(link);
    },
    onLost: (link) => {
      linkEvents.changed(link);
      outbox.poke(link.device);
    },
    onChange: (link) => linkEvents.changed(link),
    stamp: () => services.setBack.stamp,
    onOnline: (welcome) => {
      upgrades.hear(DIRECTORY, welcome.agent);
      return sync.online(welcome);
    },
    onOffline: (retryIn) => sync.offline(retryIn),
    onRefused,
    onTrouble: (why) => services.reporter.report('', why),
    reenter,
    onError: (error) => services.reporter.unlessAway(error),
  };
}
