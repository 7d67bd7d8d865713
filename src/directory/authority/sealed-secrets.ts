import * as v from 'valibot';
import { fromUtf8, utf8 } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { openAead, sealAead } from '../../crypto/aead.js';
import { createVault, openVault } from '../../crypto/vault.js';
import type { Store } from '../../store/store.js';
import { bytes, codec } from '../../wire/schema.js';
import { newSecrets, parseSecrets, type Secrets } from './secrets.js';

/**
 * Where several nodes are one directory, its secrets lie in the store that they share: sealed under a random key, which
 * the operator's key file or passphrase opens. Whoever reads the store has nothing without it.
 */

export const SHARED_SECRETS_SPACE = 'authority';
const KEY = 'secrets';
const CONTEXT = utf8('p2pchat/1 directory secrets');

/** Of a key file or passphrase: what has fewer characters is guessed by whoever has the store. */
const LEAST_CHARS = 16;

const sealedCodec = codec(v.object({ version: v.literal(1), vault: bytes(512), sealed: bytes(8192) }), 16_384);

/**
 * Opens the store's secrets, or makes them: of several nodes that start at once, one does.
 * @throws Failure credentials 'key-file-wrong'; usage 'key-file-short'; storage 'authority-damaged', 'authority-missing'
 */
export async function sharedSecrets(
  store: Store,
  passphrase: string,
  { now, random }: { now: number; random: Random },
): Promise<Secrets> {
  const records = store.records(SHARED_SECRETS_SPACE);
  for (;;) {
    const there = await records.get(KEY);
    if (there !== undefined) return parseSecrets(await unsealSecrets(there.value, passphrase));
    if ((await store.records('directory').get('self')) !== undefined) throw missing();
    try {
      await records.create(KEY, await sealSecrets(await newSecrets(now, random), passphrase, random));
    } catch (error) {
      if (!hasCode(error, 'store-exists')) throw error;
    }
  }
}

/** Puts secrets that are there already into a store which has none. */
export async function shareSecrets(store: Store, text: string, passphrase: string, random: Random): Promise<void> {
  await store.records(SHARED_SECRETS_SPACE).create(KEY, await sealSecrets(text, passphrase, random));
}

/** As they stand in `authority.json`; undefined where the store has none. */
export async function readSharedSecrets(store: Store, passphrase: string): Promise<string | undefined> {
  const there = await store.records(SHARED_SECRETS_SPACE).get(KEY);
  return there && unsealSecrets(there.value, passphrase);
}

async function sealSecrets(text: string, passphrase: string, random: Random): Promise<Uint8Array> {
  if (passphrase.length < LEAST_CHARS) throw short();
  const { key, file } = await createVault(passphrase, random);
  return sealedCodec.encode({ version: 1, vault: file, sealed: sealAead(key, utf8(text), CONTEXT, random) });
}

async function unsealSecrets(stored: Uint8Array, passphrase: string): Promise<string> {
  const { vault, sealed } = decoded(stored);
  const { key } = await openVault(vault, passphrase).catch((error: unknown) => {
    throw hasCode(error, 'wrong-password') ? wrong() : damaged(error);
  });
  const text = openAead(key, sealed, CONTEXT);
  if (text === undefined) throw damaged(undefined);
  return fromUtf8(text);
}

function decoded(stored: Uint8Array) {
  try {
    return sealedCodec.decode(stored);
  } catch (error) {
    throw damaged(error);
  }
}

const wrong = (): Failure => new Failure('key-file-wrong');

const short = (): Failure =>
  new Failure('key-file-short', `the directory's key has fewer than ${LEAST_CHARS} characters`);

const damaged = (cause: unknown): Failure =>
  new Failure('authority-damaged', "the directory's secrets in the store cannot be used", {
    hint: 'Update p2pchat if a newer version wrote them; else restore the store from a backup.',
    cause,
  });

const missing = (): Failure =>
  new Failure('authority-missing', 'the store is that of a directory, and its secrets are not there', {
    hint: 'Restore the store from a backup: without its secrets nobody can use it.',
  });
