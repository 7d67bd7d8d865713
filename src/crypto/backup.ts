import { timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { concat, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { BACKUP_PIECE_BYTES, BACKUP_RECORD_BYTES } from '../wire/limits.js';
import { codec, exactly } from '../wire/schema.js';
import { AEAD_OVERHEAD, openAead, sealAead } from './aead.js';
import { sha256 } from './hash.js';
import { derive } from './kdf.js';
import type { SigningKey } from './keys.js';
import { newStretching, stretch, stretchingEntries } from './vault.js';

/**
 * How a backup is sealed (docs/protocol.md): a header in clear says by which secret, and pieces follow, each sealed with
 * its number and the hash of everything before it. A piece that was left out, swapped or changed does not open, and
 * neither does anything behind it.
 */

const CONTEXT = utf8('p2pchat/1 backup\0');
const PHRASE_CONTEXT = 'p2pchat/1 backup phrase';
const PIECES_CONTEXT = 'p2pchat/1 backup pieces';
const CHECK_CONTEXT = 'p2pchat/1 backup check';
const ID_BYTES = 16;
const CHECK_BYTES = 16;
/** In front of the header, of each piece and of each record, big-endian. */
export const LENGTH_BYTES = 4;

/** A sealed piece at most. */
export const SEALED_PIECE_BYTES = BACKUP_PIECE_BYTES + LENGTH_BYTES + BACKUP_RECORD_BYTES + AEAD_OVERHEAD;

const header = v.object({
  version: v.literal(1),
  file: exactly(ID_BYTES),
  by: v.variant('kind', [
    v.object({ kind: v.literal('phrase') }),
    v.object({ kind: v.literal('passphrase'), ...stretchingEntries }),
  ]),
  /** Made of the secret and the file's id: tells a wrong secret from damage, and one file from no other. */
  check: exactly(CHECK_BYTES),
});
export type BackupHeader = v.InferOutput<typeof header>;
export const HEADER_BYTES = 512;
export const headerCodec = codec(header, HEADER_BYTES);

/** What opens a backup: the account's identity, which is its recovery phrase, or words chosen for it. */
export type BackupSecret =
  | { readonly kind: 'phrase'; readonly identity: SigningKey }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

async function root(secret: BackupSecret, by: BackupHeader['by']): Promise<Uint8Array | undefined> {
  if (secret.kind === 'phrase')
    return by.kind === 'phrase' ? derive(secret.identity.seed(), PHRASE_CONTEXT) : undefined;
  return by.kind === 'passphrase' ? stretch(secret.passphrase, by.salt, by) : undefined;
}

const checkOf = (secret: Uint8Array, file: Uint8Array): Uint8Array =>
  derive(concat(secret, file), CHECK_CONTEXT, CHECK_BYTES);

const chain = (secret: Uint8Array, encoded: Uint8Array, file: Uint8Array): PieceChain =>
  new PieceChain(derive(concat(secret, file), PIECES_CONTEXT), file, sha256(encoded));

/** A new backup's header and the beginning of its pieces. */
export async function beginBackup(
  secret: BackupSecret,
  random: Random,
): Promise<{ readonly file: Uint8Array; readonly header: Uint8Array; readonly pieces: PieceChain }> {
  const file = random.bytes(ID_BYTES);
  const by: BackupHeader['by'] =
    secret.kind === 'phrase' ? { kind: 'phrase' } : { kind: 'passphrase', ...newStretching(random) };
  const key = (await root(secret, by))!;
  const encoded = headerCodec.encode({ version: 1, file, by, check: checkOf(key, file) });
  return { file, header: encoded, pieces: chain(key, encoded, file) };
}

/** Undefined where it is not this secret's. @param encoded the header as it stands in the file */
export async function openBackup(
  encoded: Uint8Array,
  { file, by, check }: BackupHeader,
  secret: BackupSecret,
): Promise<PieceChain | undefined> {
  const key = await root(secret, by);
  if (key === undefined || !timingSafeEqual(checkOf(key, file), check)) return undefined;
  return chain(key, encoded, file);
}

/** The pieces of one backup, in their order, whether they are sealed or opened. */
export class PieceChain {
  readonly #key: Uint8Array;
  readonly #file: Uint8Array;
  #before: Uint8Array;
  #number = 0;

  constructor(key: Uint8Array, file: Uint8Array, before: Uint8Array) {
    this.#key = key;
    this.#file = file;
    this.#before = before;
  }

  /** Another one that goes on from here. */
  fork(): PieceChain {
    const fork = new PieceChain(this.#key, this.#file, this.#before);
    fork.#number = this.#number;
    return fork;
  }

  /** Stands for everything so far. */
  get tail(): Uint8Array {
    return this.#before;
  }

  seal(plaintext: Uint8Array, random: Random): Uint8Array {
    const sealed = sealAead(this.#key, plaintext, this.#bound(), random);
    this.#step(sealed);
    return sealed;
  }

  /** Undefined where it is not the next one. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = openAead(this.#key, sealed, this.#bound());
    if (plaintext !== undefined) this.#step(sealed);
    return plaintext;
  }

  #bound(): Uint8Array {
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, BigInt(this.#number));
    return concat(CONTEXT, this.#file, number, this.#before);
  }

  #step(sealed: Uint8Array): void {
    this.#before = sha256(this.#before, sealed);
    this.#number++;
  }
}
