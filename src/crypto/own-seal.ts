import { concat, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { openAead, sealAead } from './aead.js';
import { type AccountName, accountBytes } from './identity.js';
import { derive } from './kdf.js';
import type { SigningKey } from './keys.js';

/** What only the devices of one account may read, wherever it lies: under a key derived from the account's identity. */

const CONTEXT = 'p2pchat/1 preferences';

const keyOf = (identity: SigningKey): Uint8Array => derive(identity.seed(), CONTEXT);

export const sealForOwn = (identity: SigningKey, account: AccountName, plain: Uint8Array, random: Random): Uint8Array =>
  sealAead(keyOf(identity), plain, contextOf(account), random);

/** Undefined where it was sealed for another account, or is damaged. */
export const openForOwn = (identity: SigningKey, account: AccountName, sealed: Uint8Array): Uint8Array | undefined =>
  openAead(keyOf(identity), sealed, contextOf(account));

const contextOf = (account: AccountName): Uint8Array => concat(utf8(`${CONTEXT}\0`), accountBytes(account));
