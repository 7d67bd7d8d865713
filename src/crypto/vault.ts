import { scrypt } from 'node:crypto';
import * as v from 'valibot';
import { concat, hex, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { LruCache } from '../base/lru-cache.js';
import type { Random } from '../base/random.js';
import { codec, count, exactly } from '../wire/schema.js';
import { AEAD_OVERHEAD, openAead, sealAead } from './aead.js';
import { derive, hmac } from './kdf.js';
import { preparePassword } from './password.js';

/**
 * What lies on a peer's disk is ciphertext. A random vault key, which never changes, encrypts the rows; the password
 * wraps it (scrypt, RFC 7914), so that a new password rewraps 32 bytes and touches no row.
 */

const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Cost of one guess: 32 MiB, about 70 ms. Stored, so that it may grow. */
const COST = { n: 1 << 15, r: 8, p: 1 } as const;
/** Above this a damaged or hostile file would buy memory, not safety. */
const MAX_COST = { n: 1 << 20, r: 16, p: 4 } as const;

/** How a password becomes a key. */
export const stretchingEntries = {
  kdf: v.literal('scrypt'),
  n: v.pipe(
    count(MAX_COST.n),
    v.check((n) => n >= 2 && Number.isInteger(Math.log2(n)), 'a power of two'),
  ),
  r: v.pipe(count(MAX_COST.r), v.minValue(1)),
  p: v.pipe(count(MAX_COST.p), v.minValue(1)),
  salt: exactly(SALT_BYTES),
};

export const newStretching = (random: Random) => ({ kdf: 'scrypt', ...COST, salt: random.bytes(SALT_BYTES) }) as const;

const vaultFile = codec(
  v.object({
    version: v.literal(1),
    ...stretchingEntries,
    wrapped: exactly(KEY_BYTES + AEAD_OVERHEAD),
  }),
  512,
);

const WRAP_CONTEXT = utf8('p2pchat/1 vault key');

export interface Vault {
  /** 32 secret bytes; for `sealer`, and for `wrapVault` when the password changes. */
  readonly key: Uint8Array;
  /** To be kept in the profile: nothing in it is secret. */
  readonly file: Uint8Array;
}

export const createVault = (password: string, random: Random): Promise<Vault> =>
  wrapVault(random.bytes(KEY_BYTES), password, random);

/** The same key under a new password. */
export async function wrapVault(key: Uint8Array, password: string, random: Random): Promise<Vault> {
  const stretching = newStretching(random);
  const wrapped = sealAead(await stretch(password, stretching.salt, stretching), key, WRAP_CONTEXT, random);
  return { key, file: vaultFile.encode({ version: 1, ...stretching, wrapped }) };
}

/** @throws Failure credentials `wrong-password`, storage `vault-damaged` */
export async function openVault(file: Uint8Array, password: string): Promise<Vault> {
  const { salt, wrapped, ...cost } = readVault(file);
  const key = openAead(await stretch(password, salt, cost), wrapped, WRAP_CONTEXT);
  if (key === undefined) {
    throw new Failure('wrong-password');
  }
  return { key, file };
}

function readVault(file: Uint8Array) {
  try {
    return vaultFile.decode(file);
  } catch (error) {
    throw new Failure('vault-damaged', "the profile's key file is damaged or of a newer version", { cause: error });
  }
}

/** On a thread of Node's pool. */
export function stretch(
  password: string,
  salt: Uint8Array,
  cost: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Uint8Array> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(preparePassword(password), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}

// --- Rows ---

/** Seals the values of a store and hides its keys. */
export interface Sealer {
  /** @param rowName what the value belongs to: it opens under this name only */
  seal(rowName: string, plaintext: Uint8Array): Uint8Array;
  /** @throws Failure storage `row-damaged`: changed, swapped with another row, or of another vault */
  open(rowName: string, sealed: Uint8Array): Uint8Array;
  /** 32 hex digits for a store key: the same for the same text, and telling nothing of it without the vault key. */
  blind(keyText: string): string;
}

const ROW_VERSION = Uint8Array.of(1);

export function sealer(vaultKey: Uint8Array, random: Random): Sealer {
  const rowKey = derive(vaultKey, 'p2pchat/1 vault rows');
  const blindKey = derive(vaultKey, 'p2pchat/1 vault keys');
  const blinded = new LruCache<string, string>(4_096);
  const aad = (rowName: string): Uint8Array => concat(ROW_VERSION, utf8(rowName));
  return {
    seal: (rowName, plaintext) => concat(ROW_VERSION, sealAead(rowKey, plaintext, aad(rowName), random)),
    open(rowName, sealed) {
      const plaintext = sealed[0] === ROW_VERSION[0] ? openAead(rowKey, sealed.subarray(1), aad(rowName)) : undefined;
      if (plaintext !== undefined) return plaintext;
      throw new Failure('row-damaged');
    },
    blind: (keyText) => blinded.need(keyText, () => hex(hmac(blindKey, utf8(keyText)).subarray(0, 16))),
  };
}
