import { concat, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { openAead, sealAead } from './aead.js';

/**
 * Blocks of a file that lies at the directory for a group, and of a deposit for people. One random key for each; every
 * sealing has a random nonce of 192 bits, so a block may be sealed again after a broken connection. A block opens only in
 * its place of its file, in its group, at its directory.
 */

const UPLOAD = utf8('p2pchat/1 upload\0');
const DEPOSIT = utf8('p2pchat/1 deposit\0');

export type UploadPlace = {
  readonly directoryId: string;
  /** Of all of it, in bytes: it can't be cut short. */
  readonly size: number;
} & ({ readonly group: Uint8Array; readonly upload: Uint8Array } | { readonly deposit: Uint8Array });

function associated(place: UploadPlace, block: number): Uint8Array {
  const numbers = new Uint8Array(16);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(place.size));
  view.setBigUint64(8, BigInt(block));
  const directory = utf8(`${place.directoryId}\0`);
  if ('deposit' in place) return concat(DEPOSIT, directory, place.deposit, numbers);
  return concat(UPLOAD, directory, place.group, place.upload, numbers);
}

export const sealUploadBlock = (
  key: Uint8Array,
  place: UploadPlace,
  block: number,
  plain: Uint8Array,
  random: Random,
): Uint8Array => sealAead(key, plain, associated(place, block), random);

/** Undefined where the bytes are not this block of this file. */
export const openUploadBlock = (
  key: Uint8Array,
  place: UploadPlace,
  block: number,
  sealed: Uint8Array,
): Uint8Array | undefined => openAead(key, sealed, associated(place, block));
