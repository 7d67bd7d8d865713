import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { concat, utf8 } from '../base/bytes.js';
import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { openAead, sealAead } from './aead.js';
import { sha256 } from './hash.js';
import { type AccountName, accountBytes } from './identity.js';
import { derive } from './kdf.js';
import { SigningKey, verifySignature } from './keys.js';

/**
 * The recovery phrase: the account's identity key as 24 words (BIP-39, English). Nothing has to be kept for it anywhere,
 * and nothing but the words is needed: they sign for a new password at the directory, and open the vaults of the
 * account's installations, backups of them too.
 */

const WORDS = 24;
const CONTEXT = utf8('p2pchat/1 recover\0');
const VAULT_CONTEXT = 'p2pchat/1 vault recovery';

/** 24 words, separated by spaces. */
export const phraseOf = (identity: SigningKey): string => entropyToMnemonic(identity.seed(), wordlist);

const notAPhrase = (message: string, hint: string): Failure => new Failure('phrase-invalid', message, { hint });

/**
 * Takes the words as they are written down: any case, numbers before them, line breaks between.
 * @throws Failure usage `phrase-invalid`, which names the place of a word that is none
 */
export function identityOf(phrase: string): SigningKey {
  const words =
    phrase
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  if (words.length !== WORDS) {
    throw notAPhrase(
      `A recovery phrase has ${WORDS} words, and that has ${words.length}.`,
      'Type all of them, in order.',
    );
  }
  const wrong = words.findIndex((word) => !wordlist.includes(word));
  if (wrong >= 0) {
    const near = closestMatch(words[wrong]!.slice(0, 16), wordlist);
    throw notAPhrase(
      `Word ${wrong + 1} is not one that recovery phrases are made of.`,
      near === undefined ? 'Look at it again.' : `Did you mean '${near}'?`,
    );
  }
  try {
    return SigningKey.fromSeed(mnemonicToEntropy(words.join(' '), wordlist));
  } catch {
    throw notAPhrase(
      'These words do not belong together.',
      'Look for a word that is another one, or out of its place.',
    );
  }
}

// --- At the directory ---

const statement = (account: AccountName, exporter: Uint8Array, request: Uint8Array): Uint8Array =>
  concat(CONTEXT, accountBytes(account), sha256(exporter), sha256(request));

/**
 * The identity's word that a new password may be set: on this very channel, for this very registration request, so that
 * it is worth nothing to whoever relays or keeps it. 64 bytes.
 */
export const signRecovery = (
  identity: SigningKey,
  account: AccountName,
  exporter: Uint8Array,
  request: Uint8Array,
): Uint8Array => identity.sign(statement(account, exporter, request));

export const isRecovery = (
  identityKey: Uint8Array,
  account: AccountName,
  exporter: Uint8Array,
  request: Uint8Array,
  proof: Uint8Array,
): boolean => verifySignature(identityKey, statement(account, exporter, request), proof);

/** The same for a name that isn't there. */
export const wrongRecovery = (): Failure => new Failure('wrong-recovery');

// --- On the disk ---

/** The vault key, for whoever has the phrase: to lie beside the one which the password opens. */
export const sealForRecovery = (vaultKey: Uint8Array, identity: SigningKey, random: Random): Uint8Array =>
  sealAead(derive(identity.seed(), VAULT_CONTEXT), vaultKey, utf8(VAULT_CONTEXT), random);

/** Undefined where it was sealed for another identity, or is damaged. */
export const openByRecovery = (sealed: Uint8Array, identity: SigningKey): Uint8Array | undefined =>
  openAead(derive(identity.seed(), VAULT_CONTEXT), sealed, utf8(VAULT_CONTEXT));
