import { hostname } from 'node:os';
import { sameBytes } from '../../base/bytes.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { type Random, systemRandom } from '../../base/random.js';
import { createCsr } from '../../crypto/csr.js';
import { type AccountName, openIdentityBackup, sealIdentityBackup, signDevice } from '../../crypto/identity.js';
import { deviceIdOf, SigningKey } from '../../crypto/keys.js';
import { enrolProof, finishLogin, finishRegistration, startLogin, startRegistration } from '../../crypto/login.js';
import { assertPassword } from '../../crypto/password.js';
import { sealForRecovery } from '../../crypto/recovery.js';
import { enrolExporter } from '../../crypto/tls.js';
import { createVault, openVault, sealer, type Vault } from '../../crypto/vault.js';
import { openLevelStore } from '../../store/level/open.js';
import { DEVICE_LABEL_CHARS } from '../../wire/limits.js';
import { type DirectoryLink, formatLink, parseLink } from '../../wire/link.js';
import { foldName, parseUserName } from '../../wire/names.js';
import type { Role } from '../../wire/roles.js';
import type { NewAccount } from '../api/account.js';
import type { HistoryWish } from '../api/hand-over.js';
import type { Enrolled, Registered } from '../api/peers.js';
import type { LocalDevice } from '../identity/local-device.js';
import { ofAnotherDevice } from '../storage/another-device.js';
import { makeHome, readProfile, storeFolder, writeProfile } from '../storage/profile.js';
import { type DeviceRow, openTables } from '../storage/tables.js';
import { type EnrolChannel, withEnrolChannel } from './enrol-channel.js';
import { type Credentials, whileAsking, withCode } from './second-factor-prompt.js';

/** What is passed in, so that tests own it. */
export interface Means {
  readonly clock: Clock;
  readonly random: Random;
}

/** A new device asks the others for what they keep. */
const ALL_HISTORY = { history: 'all' } as const;

export const SYSTEM: Means = { clock: systemClock, random: systemRandom };

/**
 * Creates the account and makes this installation its first device.
 * @throws Failure usage 'name-invalid', 'name-taken', 'password-weak', denied 'invite-…', unreachable
 */
export async function registerAccount(init: NewAccount, means: Means = SYSTEM): Promise<Registered> {
  const { name: user } = parseUserName(init.user);
  const link = parseLink(init.directory);
  await assertPassword(init.password, [user, link.host]);
  await assertFree(init.home);
  return withEnrolChannel(link, means.clock, async (channel) => {
    const account = { directoryId: channel.trust.directoryId, folded: foldName(user) };
    const pending = await startRegistration(init.password);
    const { response } = await channel.request('register.start', { user, request: pending.request });
    const { record, exportKey } = await finishRegistration(pending, { account, password: init.password, response });
    const identity = SigningKey.generate(means.random);
    await channel.request('register.finish', {
      user,
      record,
      identityKey: identity.publicKey,
      backup: sealIdentityBackup(identity, account, exportKey, means.random),
      ...(init.invite !== undefined && { invite: init.invite }),
      ...(init.email !== undefined && { email: init.email }),
    });
    // There is no other device yet.
    const enrolled = await enrol(channel, link, { ...init, user, history: { history: 'none' } }, means);
    return { ...enrolled, identityKey: identity.publicKey };
  });
}

/**
 * Logs in with the password and makes this installation a device of the account; a further one, or again after logout.
 * @throws Failure credentials 'wrong-credentials', 'second-factor-needed', 'second-factor-wrong'; blocked; unreachable
 */
export async function enrolDevice(init: NewAccount, means: Means = SYSTEM): Promise<Enrolled> {
  const { name: user } = parseUserName(init.user);
  const link = parseLink(init.directory);
  await assertFree(init.home, user);
  return whileAsking(init, (credentials) =>
    withEnrolChannel(link, means.clock, (channel) => enrol(channel, link, { ...init, ...credentials, user }, means)),
  );
}

/** One installation is one person's: another account's keys and history must not be mixed in. */
export async function assertFree(home: string, user?: string): Promise<void> {
  const profile = await readProfile(home);
  if (profile === undefined || (user !== undefined && foldName(profile.user) === foldName(user))) return;
  throw new Failure('profile-taken', `this installation belongs to ${profile.user} already`, {
    hint: `Log in with: p2pchat login ${profile.user}. For another account or device set P2PCHAT_HOME to another folder.`,
  });
}

/** Login on the channel; the account's identity key comes out of its backup. */
async function login(channel: EnrolChannel, account: AccountName, { user, password, code, askCode }: Credentials) {
  const pending = await startLogin(password);
  const { login, response } = await channel.request('login.start', { user, request: pending.request });
  const { message, sessionKey, exportKey } = await finishLogin(pending, { account, password, response });
  const finish = (shown: string | undefined) =>
    channel.request('login.finish', { login, finish: message, ...(shown !== undefined && { code: shown }) });
  const answer = await withCode(finish, code, askCode);
  const identity = openIdentityBackup(answer.backup, account, exportKey, answer.identityKey);
  return { ...answer, identity, sessionKey };
}

/**
 * Logs in on the channel, and enrols this installation there.
 * @param expected the account's identity key, where it is known already: another one is refused
 */
export async function enrol(
  channel: EnrolChannel,
  link: DirectoryLink,
  init: NewAccount,
  means: Means,
  expected?: SigningKey,
): Promise<Enrolled> {
  const account = { directoryId: channel.trust.directoryId, folded: foldName(init.user) };
  const { user, role, identity, sessionKey } = await login(channel, account, init);
  if (expected && !sameBytes(expected.publicKey, identity.publicKey)) throw otherIdentity();
  await makeHome(init.home);
  const known = await readProfile(init.home);
  const vault = known ? await openVault(known.vault, init.password) : await createVault(init.password, means.random);
  const store = await openLevelStore({ folder: storeFolder(init.home) });
  try {
    const tables = openTables(store, sealer(vault.key, means.random));
    const kept = await tables.device.get('self');
    const before = init.isCopy === true ? undefined : kept;
    const deviceKey = before ? SigningKey.fromSeed(before.deviceSeed) : SigningKey.generate(means.random);
    const statement = signDevice(identity, account, deviceKey.publicKey);
    const csr = createCsr(deviceKey, { user, identityKey: identity.publicKey, statement });
    const proof = enrolProof(sessionKey, enrolExporter(channel.socket), csr);
    const { certificate, crl } = await channel.request('enrol', { csr, proof, label: label() });
    const issued = { certificate, crl, caCertificate: channel.authority, role };
    const row = deviceRow({ deviceKey, identity, ...issued }, before);
    const wish = before ? init.history : (init.history ?? ALL_HISTORY);
    await store.write([
      ...(before ? [] : await ofAnotherDevice(tables)),
      tables.device.put(['self'], row),
      ...(wish ? [tables.wishes.put(['self'], wish)] : []),
    ]);
    const device = deviceIdOf(deviceKey.publicKey);
    const recovery = sealForRecovery(vault.key, identity, means.random);
    await saveProfile(init.home, link, { user, device, recovery }, vault);
    return { user, device, role };
  } finally {
    await store.close();
  }
}

/** What a device is made of. */
interface DeviceParts {
  readonly deviceKey: SigningKey;
  readonly identity: SigningKey;
  readonly certificate: Uint8Array;
  readonly crl: Uint8Array;
  readonly caCertificate: Uint8Array;
  readonly role: Role;
}

const deviceRow = ({ deviceKey, identity, ...issued }: DeviceParts, before?: DeviceRow): DeviceRow => ({
  ...{ deviceSeed: deviceKey.seed(), identitySeed: identity.seed() },
  ...issued,
  starts: before?.starts ?? 0,
  ...(before?.runs && { runs: before.runs }),
  ...(before?.recovery && { recovery: before.recovery }),
});

export interface NewDevice extends Omit<DeviceParts, 'role'> {
  readonly home: string;
  readonly user: string;
  readonly link: DirectoryLink;
}

/** Puts a profile into an empty folder: the device was let in by another one of the account. */
export async function install(
  { home, user, link, ...parts }: NewDevice,
  vault: Vault,
  history: HistoryWish = ALL_HISTORY,
  random: Random = systemRandom,
): Promise<Enrolled> {
  await makeHome(home);
  const store = await openLevelStore({ folder: storeFolder(home) });
  try {
    const tables = openTables(store, sealer(vault.key, random));
    // The directory says at the first sign-in what it is.
    const row = deviceRow({ ...parts, role: 'beginner' });
    await store.write([tables.device.put(['self'], row), tables.wishes.put(['self'], history)]);
    const device = deviceIdOf(parts.deviceKey.publicKey);
    const recovery = sealForRecovery(vault.key, parts.identity, random);
    await saveProfile(home, link, { user, device, recovery }, vault);
    return { user, device, role: row.role };
  } finally {
    await store.close();
  }
}

/**
 * A new certificate for a device that is running, by its account's password: what it had has ended.
 * @throws Failure what the directory answers; trust 'identity-other'
 */
export async function reenter(self: LocalDevice, credentials: Credentials, clock: Clock): Promise<void> {
  await whileAsking(credentials, (source) =>
    withEnrolChannel(self.link, clock, async (channel) => {
      const account = { directoryId: channel.trust.directoryId, folded: foldName(self.user) };
      const given = { user: self.user, password: credentials.password, ...source };
      const { identity, sessionKey } = await login(channel, account, given);
      if (!sameBytes(self.identity.publicKey, identity.publicKey)) throw otherIdentity();
      const csr = self.csr();
      const proof = enrolProof(sessionKey, enrolExporter(channel.socket), csr);
      const { certificate, crl } = await channel.request('enrol', { csr, proof, label: label() });
      await self.learnCrl(crl);
      await self.renewed(certificate);
    }),
  );
}

function saveProfile(
  home: string,
  link: DirectoryLink,
  self: { user: string; device: string; recovery: Uint8Array },
  vault: Vault,
): Promise<void> {
  return writeProfile(home, { version: 1, ...self, directory: formatLink(link), vault: vault.file });
}

const otherIdentity = (): Failure =>
  new Failure('identity-other', 'The directory has another identity key for this account than your phrase.', {
    hint: 'Do not go on with this directory, and ask its operator.',
  });

export const label = (): string => hostname().slice(0, DEVICE_LABEL_CHARS);

/**
 * Tries a password at the directory, as if it had been typed without a profile: a wrong one counts for the name's block.
 * @returns the account's identity key
 * @throws what the directory answers
 */
export async function tryPassword(link: DirectoryLink, credentials: Credentials, clock: Clock): Promise<SigningKey> {
  return whileAsking(credentials, (source) =>
    withEnrolChannel(link, clock, async (channel) => {
      const account = { directoryId: channel.trust.directoryId, folded: foldName(credentials.user) };
      const { user, password } = credentials;
      return (await login(channel, account, { user, password, ...source })).identity;
    }),
  );
}
