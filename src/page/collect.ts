import { sizeText } from '../base/size.js';
import { depositBlocks } from '../wire/deposit-blocks.js';
import { fittingName, guestBlockPlace } from '../wire/guest-seal.js';
import { DEPOSIT_BLOCK_BYTES } from '../wire/limits.js';
import { cleanLine } from '../wire/text.js';
import { type Recipient, type Sealed, sealTo } from './drop.js';
import type { Link } from './link.js';
import { Pace } from './pace.js';
import { type Bytes, base64url, fromBase64url, release } from './seal.js';
import { Trouble } from './trouble.js';
import { view } from './view.js';
import { momentText, wordsOf } from './words.js';

/** A guest hands in files: each sealed here, block by block, to the key that the link names, and laid down at the directory. */

/** Blocks on their way at once. */
const AHEAD = 4;
/** How often it is asked whether it was fetched, and how many times. */
const LOOK_EVERY_MS = 3_000;
const LOOKS = 200;

export async function openCollect(link: Link, pin: Bytes): Promise<void> {
  const { head, key, size, left, expires } = await link.client.open();
  const words = await wordsOf(link, head);
  const raw = fromBase64url(key ?? '');
  if (raw === undefined || !same(new Uint8Array(await crypto.subtle.digest('SHA-256', raw)), pin))
    throw new Trouble('other-key');
  if (left === 0) throw new Trouble('guest-link-used');
  const facts = `A file may have up to ${sizeText(size)}. The link takes ${filesMore(left)}, until ${momentText(expires)}.`;
  view.ready(`${words.from} asks you for a file`, words.name, facts, 'Hand in');
  view.choose();
  const handing = new HandingIn(link, raw, { size, left });
  view.onAct(() => void handing.run(view.chosen()));
}

const filesMore = (left: number): string => (left === 1 ? 'one more file' : `${left} more files`);

const same = (one: Bytes, other: Bytes): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** A file on its way: broken off, it goes on under the same name and key, and takes no other use of the link. */
interface Begun extends Sealed {
  readonly visit: Bytes;
  isDone: boolean;
}

class HandingIn {
  readonly #link: Link;
  readonly #recipient: Recipient;
  /** What a file may have, and how many more the link took when it was opened. */
  readonly #terms: { readonly size: number; readonly left: number };
  readonly #begun = new Map<File, Begun>();

  constructor(link: Link, key: Bytes, terms: { readonly size: number; readonly left: number }) {
    this.#link = link;
    this.#recipient = { link: link.id, secret: link.secret, key };
    this.#terms = terms;
  }

  /** One after the other; what is there already is not handed in twice. */
  async run(files: readonly File[]): Promise<void> {
    const { size, left } = this.#terms;
    if (files.length === 0) return view.ask('Choose a file first.');
    const fresh = files.filter((file) => !this.#begun.has(file));
    const more = left - this.#begun.size;
    if (fresh.length > more) return view.ask(`These are ${files.length} files, and the link takes ${filesMore(more)}.`);
    view.begin();
    try {
      if (files.some((file) => file.size > size)) throw new Trouble('guest-too-large');
      for (const file of files) await this.#handIn(file);
    } catch (error) {
      view.trouble(error, 'Hand in');
      return;
    }
    const what = files.length === 1 ? cleanLine(files[0]!.name) : `All ${files.length} files`;
    view.done(`${what}: handed in, sealed. It lies at the directory until it is fetched.`);
    const visits = files.map((file) => base64url(this.#begun.get(file)!.visit));
    await this.#follow(visits, what).catch(() => {});
  }

  async #handIn(file: File): Promise<void> {
    const { client } = this.#link;
    const begun = this.#begun.get(file) ?? (await this.#begin(file));
    if (begun.isDone) return;
    const { enc, head } = begun;
    const visit = base64url(begun.visit);
    const there = await client.drop(visit, { size: file.size, enc, head }).catch((error: unknown) => {
      // Nothing of it is kept then, nor has it taken a use.
      if (error instanceof Trouble && error.code === 'upload-quota') this.#begun.delete(file);
      throw error;
    });
    await this.#blocks(file, begun, there);
    await client.done(visit);
    begun.isDone = true;
  }

  async #begin(file: File): Promise<Begun> {
    const visit = crypto.getRandomValues(new Uint8Array(16));
    const sealed = await sealTo(this.#recipient, visit, fittingName(cleanLine(file.name)));
    const begun = { ...sealed, visit, isDone: false };
    this.#begun.set(file, begun);
    return begun;
  }

  /** @param there how many blocks the directory has, from the first */
  async #blocks(file: File, { visit, seal }: Begun, there: number): Promise<void> {
    const name = base64url(visit);
    const pace = new Pace('Handed in', file.size, there);
    const under: Promise<void>[] = [];
    let now = there;
    const one = async (block: number): Promise<void> => {
      const plain = await partOf(file, block);
      const sealed = await seal.seal(plain, guestBlockPlace(visit, file.size, block));
      release(plain);
      await this.#link.client.put(name, block, sealed);
      release(sealed);
      pace.tell(++now);
    };
    try {
      for (let block = there; block < depositBlocks(file.size); block++) {
        if (under.length >= AHEAD) await under.shift();
        const next = one(block);
        next.catch(() => {});
        under.push(next);
      }
      await Promise.all(under);
    } finally {
      // Of what broke off nothing is told later, in the place of why.
      await Promise.allSettled(under);
    }
  }

  /** Until all of them have been fetched, or the person goes. */
  async #follow(visits: readonly string[], what: string): Promise<void> {
    for (let looks = 0; looks < LOOKS; looks++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const states = await Promise.all(visits.map((visit) => this.#link.client.look(visit)));
      if (states.every((state) => state === 'taken')) return view.done(`${what}: handed in, and fetched.`, 'taken');
    }
  }
}

/** @throws Trouble 'file-changed' where it can't be read any more as it was chosen */
async function partOf(file: File, block: number): Promise<Bytes> {
  const from = block * DEPOSIT_BLOCK_BYTES;
  const part = await file
    .slice(from, from + DEPOSIT_BLOCK_BYTES)
    .arrayBuffer()
    .catch(() => undefined);
  if (part === undefined) throw new Trouble('file-changed');
  return new Uint8Array(part);
}
