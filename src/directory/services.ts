import type { Clock } from '../base/clock.js';
import { Failure } from '../base/errors.js';
import { repeat } from '../base/interval.js';
import type { Logger } from '../base/log.js';
import type { Random } from '../base/random.js';
import { Proofs } from '../crypto/proof.js';
import type { Store } from '../store/store.js';
import type { Act } from '../wire/acts.js';
import type { RegistrationMode } from '../wire/directory.js';
import { KEY_PACKAGES_SHARE, KEY_PACKAGES_SHARE_MS } from '../wire/limits.js';
import type { Role } from '../wire/roles.js';
import { Accounts } from './accounts/accounts.js';
import { banNow } from './accounts/bans.js';
import { Invitations } from './accounts/invitations.js';
import { JoinCodes } from './accounts/join-codes.js';
import { Ownership } from './accounts/ownership.js';
import { Pairings } from './accounts/pairings.js';
import { Registration } from './accounts/registration.js';
import { SecondFactors } from './accounts/second-factor.js';
import { Devices } from './authority/devices.js';
import { Revocations } from './authority/revocations.js';
import type { Secrets } from './authority/secrets.js';
import { DirectConversations } from './delivery/direct.js';
import { GroupLogs } from './delivery/group-logs.js';
import { KeyPackages } from './delivery/key-packages.js';
import { LeftMail } from './delivery/left-mail.js';
import { ListNews } from './delivery/list-news.js';
import { Mailboxes, type MailboxesInit } from './delivery/mailboxes.js';
import { Presence } from './delivery/presence.js';
import { Sessions } from './delivery/sessions.js';
import { Carrier } from './groups/carrier.js';
import { fanOut } from './groups/fan-out.js';
import { Ledger } from './groups/ledger.js';
import { NamedGroups, type NamedGroupsInit } from './groups/named-groups.js';
import { Budgets } from './guard/budgets.js';
import { LoginGuard } from './guard/login-guard.js';
import { RefusalLog } from './guard/refusal-log.js';
import { TokenBuckets } from './guard/token-bucket.js';
import { GuestLinks } from './guests/links.js';
import { Visits } from './guests/visits.js';
import { Incarnation } from './incarnation.js';
import { type DirectoryLimits, HOUSEKEEPING_EVERY_MS, LIMITED_KEYS } from './limits.js';
import type { Mark } from './mark.js';
import { type Meter, silentMeter } from './metrics/meter.js';
import { Relays } from './relays/relays.js';
import { openTables } from './rows.js';
import { Uploads } from './uploads/uploads.js';

export interface ServicesInit {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: DirectoryLimits;
  readonly meter?: Meter | undefined;
  /** As stored before, if not given; at the first start 'open'. */
  readonly registration?: RegistrationMode | undefined;
  readonly blockAfter?: number | undefined;
  readonly blockMs?: number | undefined;
  /** Accounts of this role, and of those above it, need a second factor. */
  readonly requireSecondFactor?: Role | undefined;
  /** Names of the rooms there are from the beginning. */
  readonly rooms?: readonly string[] | undefined;
  /** Does what an act on the directory says; doing it again changes nothing. */
  carryOut(services: Services, act: Act, encoded: Uint8Array): Promise<void>;
  /** What is remembered of the store outside of it. */
  readonly mark?: Mark | undefined;
  /** The store was put back from a copy. */
  readonly restored?: boolean | undefined;
  /** What links for guests begin with; undefined where none are let in. */
  readonly guestsUrl?: (() => string | undefined) | undefined;
  /** The store can't be written any more: the daemon must end. */
  onBroken(error: Failure): void;
}

/** What a guest's request takes of the budget of its link. */
const GUEST_REQUEST_COST = 10;

const DEFAULT_ROOMS = ['lobby', 'random', 'help'];

export type Services = Awaited<ReturnType<typeof openServices>>;

/** Everything the directory does, on one store, without a socket. */
export async function openServices(init: ServicesInit) {
  const { store, clock, random, log, limits, meter = silentMeter, onBroken, requireSecondFactor } = init;
  const { authority, loginServer } = init.secrets;
  const { listNews, ...parts } = await openParts(init, meter);
  const { tables, accounts, ownership, invitations, groupLogs, ledger } = parts;
  const started = { wall: clock.now(), monotonic: clock.monotonic() };
  const endHousekeeping = keepHouse(parts, clock, log);
  const refusals = new RefusalLog(log, clock);
  const limiters = limitersOf(init);
  const { sessions } = parts;
  const pairings = new Pairings({ sessions, clock, random, misses: limiters.rates.pairingMisses });
  const core = {
    ...{ store, clock, random, log, limits, meter, authority, loginServer, onBroken, requireSecondFactor },
    ...parts,
    ...limiters,
    refusals,
    pairings,
    direct: new DirectConversations(tables, groupLogs),
    registration: new Registration({ accounts, ownership, invitations, loginServer }),
    /** The time certificates are judged by: a clock set back while we run brings no expired one back. */
    judgeNow: () => Math.max(clock.now(), started.wall + clock.monotonic() - started.monotonic),
  };
  const carrier: Carrier = await Carrier.open({
    ...{ tables, ledger, clock },
    carryOut: (act, encoded) => init.carryOut({ ...core, carrier, close }, act, encoded),
  });
  const close = async (): Promise<void> => {
    refusals.close();
    pairings.closeAll();
    listNews.close();
    carrier.close();
    await endHousekeeping();
  };
  // What was broken off is finished; with a full disk, later.
  await carrier.finish().catch(() => {});
  return { ...core, carrier, close };
}

type Parts = Omit<Awaited<ReturnType<typeof openParts>>, 'listNews'>;

/** What is kept on the store and what follows from its changes. */
async function openParts(init: ServicesInit, meter: Meter) {
  const { store, clock, random, log, limits } = init;
  const { authority } = init.secrets;
  const tables = openTables(store, (space, key) => log.error('a row cannot be read and is left out', { space, key }));
  await assertOurs(await Ownership.directoryId(tables), authority.trust.directoryId);
  const { mark, restored } = init;
  const incarnation = await Incarnation.open({
    ...{ tables, clock, random, log, mark, restored },
    proofs: new Proofs(authority.derive('p2pchat/1 stamp')),
  });
  const ownership = await Ownership.open(tables, {
    ...{ clock, random, directoryId: authority.trust.directoryId },
    registration: init.registration,
  });
  const accounts = await Accounts.open({ tables, store, ownership, clock, maxAccounts: limits.accounts });
  const secondFactors = new SecondFactors({ tables, authority, clock, random });
  const invitations = new Invitations(tables, clock, random);
  const joinCodes = new JoinCodes({ tables, invitations, authority, clock, random });
  const sessions = new Sessions();
  const listNews = new ListNews({ clock, sessions, revocations: () => revocations });
  const revocations: Revocations = await Revocations.open({
    ...{ tables, authority, clock, log, entries: limits.revocations },
    onPublished: () => sessions.size > 0 && listNews.changed(),
  });
  const devices = new Devices({
    ...{ tables, authority, revocations, clock, random },
    perAccount: limits.certificatesPerAccount,
    onChanged: (folded, version) => people.devicesChanged(folded, version),
  });
  const people: Presence = new Presence({ tables, accounts, devices, sessions, authority, clock });
  const keyPackages = new KeyPackages(tables, clock);
  if (incarnation.wasSetBack) await keyPackages.forgetAll();
  const mailboxes = new Mailboxes({ store, clock, onStored: mailTo(sessions, meter) });
  const leftMail = new LeftMail({ tables, clock, devices, mailboxes });
  const groupLogs = new GroupLogs(tables, store);
  const namedGroups = new NamedGroups({
    store,
    clock,
    trust: authority.trust,
    rooms: init.rooms ?? DEFAULT_ROOMS,
    keep: limits.groupLog,
    proofs: new Proofs(authority.derive('p2pchat/1 group log')),
    onStored: postTo(sessions, meter),
  });
  const uploads = await Uploads.open({ store, clock, limits: limits.uploads });
  const guests = await openGuests(init, { uploads, sessions, accounts });
  const ledger = await Ledger.open(store, authority);
  const relays = await Relays.open({ tables, authority, clock, pairDay: limits.relayPairDay });
  return {
    ...{ incarnation, tables, ownership, accounts, secondFactors, invitations, joinCodes },
    ...{ sessions, revocations, listNews, devices, people },
    ...{ keyPackages, mailboxes, leftMail, groupLogs, namedGroups, uploads, ...guests, ledger, relays },
  };
}

/** Links for guests, and what they may do with them. */
async function openGuests(
  { store, clock, limits, guestsUrl = () => undefined }: ServicesInit,
  { uploads, sessions, accounts }: { uploads: Uploads; sessions: Sessions; accounts: Accounts },
) {
  const guestLinks = await GuestLinks.open({
    ...{ store, uploads, clock, lifetimeMs: limits.uploads.lifetimeMs, url: guestsUrl },
    onChanged: (folded, link) => {
      for (const session of sessions.of(folded)) session.notify('guests', { link });
    },
  });
  const budgets = new Budgets(limits.guestLinkWork, LIMITED_KEYS, clock);
  const visits = new Visits({
    ...{ links: guestLinks, uploads, clock },
    isThere: async (folded) => {
      const account = await accounts.find(folded);
      return account !== undefined && banNow(account.ban, clock.now()) === undefined;
    },
    spend: (link) => budgets.spend(link, GUEST_REQUEST_COST),
  });
  return { guestLinks, visits };
}

/** Hands what was just stored in a mailbox to its device, where that is connected. */
const mailTo =
  (sessions: Sessions, meter: Meter): MailboxesInit['onStored'] =>
  (folded, device, entries) => {
    meter.mailed(entries.length);
    const session = sessions.find(folded, device);
    if (session === undefined) return;
    session.push(entries);
    meter.delivered(entries.length);
  };

/** Tells the members of a group who are connected of an entry of its log. */
const postTo =
  (sessions: Sessions, meter: Meter): NamedGroupsInit['onStored'] =>
  (group, entry) => {
    const told = fanOut(sessions, group, entry);
    if (entry.kind !== 'message') return;
    meter.posted();
    meter.delivered(told);
  };

/** Publishes the revocation list now and then, and sweeps what has expired. @returns what ends it */
function keepHouse(parts: Parts, clock: Clock, log: Logger): () => Promise<void> {
  const { revocations, keyPackages, devices, joinCodes, leftMail, namedGroups, uploads, guestLinks } = parts;
  const failed = (error: unknown): void => log.error('housekeeping failed', { error: String(error) });
  const steps = [
    () => revocations.publish(),
    () => keyPackages.sweep((folded, device) => devices.find(folded, device)),
    () => devices.sweep(),
    () => leftMail.sweep(),
    () => joinCodes.sweep(),
    () => namedGroups.trimAll(),
    () => uploads.sweep(),
    () => guestLinks.sweep(),
  ];
  const sweep = async (): Promise<void> => {
    // One that fails keeps no other from its work.
    for (const step of steps) await step().catch(failed);
  };
  return repeat(clock, HOUSEKEEPING_EVERY_MS, sweep, failed);
}

/** What bounds how much one caller may do, and how often. */
function limitersOf({ clock, limits, blockAfter, blockMs }: ServicesInit) {
  const shares = { burst: KEY_PACKAGES_SHARE, perSecond: 1000 / KEY_PACKAGES_SHARE_MS };
  return {
    guard: new LoginGuard({
      perAddress: limits.loginsPerAddress,
      ...(blockAfter !== undefined && { blockAfter }),
      ...(blockMs !== undefined && { blockMs }),
    }),
    budgets: {
      accounts: new Budgets(limits.accountWork, LIMITED_KEYS, clock),
      strangers: new Budgets(limits.strangerWork, LIMITED_KEYS, clock),
      guests: new Budgets(limits.guestWork, LIMITED_KEYS, clock),
    },
    rates: {
      registrations: new TokenBuckets(limits.registrationsPerAddress, LIMITED_KEYS),
      pairingMisses: new TokenBuckets(limits.pairingMisses, LIMITED_KEYS),
      messages: new TokenBuckets(limits.messages, limits.accounts),
      signals: new TokenBuckets(limits.signals, limits.accounts),
      claims: new TokenBuckets(limits.claims, limits.accounts),
      keyPackageShares: new TokenBuckets(shares, limits.accounts),
    },
  };
}

async function assertOurs(stored: string | undefined, ours: string): Promise<void> {
  if (stored === undefined || stored === ours) return;
  throw new Failure('authority-other');
}
