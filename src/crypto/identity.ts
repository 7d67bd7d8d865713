import { asBuffer, concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { LruCache } from '../base/lru-cache.js';
import type { Random } from '../base/random.js';
import { openAead, sealAead } from './aead.js';
import { derive } from './kdf.js';
import { SigningKey, verifySignature } from './keys.js';

/**
 * An account's identity: one Ed25519 key, made at registration, that never leaves the account's devices in clear. It
 * signs each device's key, so that the directory alone can't add a device; peers pin it.
 */

/** An account on a directory, as every statement and seal binds it. */
export interface AccountName {
  readonly directoryId: string;
  /** The user name, folded. */
  readonly folded: string;
}

const DEVICE_CONTEXT = utf8('p2pchat/1 device\0');
const BACKUP_CONTEXT = 'p2pchat/1 identity backup';
const BACKUP_VERSION = 1;
const ZERO = Uint8Array.of(0);

export const accountBytes = ({ directoryId, folded }: AccountName): Uint8Array =>
  concat(utf8(directoryId), ZERO, utf8(folded), ZERO);

const statementBytes = (account: AccountName, deviceKey: Uint8Array): Uint8Array =>
  concat(DEVICE_CONTEXT, accountBytes(account), deviceKey);

/** The identity's consent to a device: 64 bytes, which the device's certificate carries. */
export const signDevice = (identity: SigningKey, account: AccountName, deviceKey: Uint8Array): Uint8Array =>
  identity.sign(statementBytes(account, deviceKey));

/** Consents that were verified: every archived message carries its author's. */
const proven = new LruCache<string, true>(4_096);

export function isConsent(
  identityKey: Uint8Array,
  account: AccountName,
  deviceKey: Uint8Array,
  statement: Uint8Array,
): boolean {
  const said = statementBytes(account, deviceKey);
  const name = asBuffer(concat(identityKey, statement, said)).toString('latin1');
  if (proven.get(name)) return true;
  if (!verifySignature(identityKey, said, statement)) return false;
  proven.set(name, true);
  return true;
}

/**
 * The identity's seed under the OPAQUE export key, for the directory to keep: it can't open it, and neither can whoever
 * takes its store without guessing the password through the directory's own secret.
 */
export function sealIdentityBackup(
  identity: SigningKey,
  account: AccountName,
  exportKey: Uint8Array,
  random: Random,
): Uint8Array {
  const key = derive(exportKey, BACKUP_CONTEXT);
  return concat(Uint8Array.of(BACKUP_VERSION), sealAead(key, identity.seed(), accountBytes(account), random));
}

/**
 * @param identityKey the account's public identity key as the directory or a pin says
 * @throws Failure trust `identity-backup` where the backup is damaged, another account's or of another key
 */
export function openIdentityBackup(
  backup: Uint8Array,
  account: AccountName,
  exportKey: Uint8Array,
  identityKey: Uint8Array,
): SigningKey {
  const key = derive(exportKey, BACKUP_CONTEXT);
  const seed = backup[0] === BACKUP_VERSION ? openAead(key, backup.subarray(1), accountBytes(account)) : undefined;
  if (seed === undefined || seed.length !== 32) throw badBackup();
  const identity = SigningKey.fromSeed(seed);
  if (!identity.publicKey.every((byte, index) => byte === identityKey[index])) throw badBackup();
  return identity;
}

const badBackup = (): Failure => new Failure('identity-backup');
