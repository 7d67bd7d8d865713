import { sizeText } from '../base/size.js';
import { depositBlocks } from '../wire/deposit-blocks.js';
import { fittingName, guestBlockPlace } from '../wire/guest-seal.js';
import { DEPOSIT_BLOCK_BYTES } from '../wire/limits.js';
import { cleanLine } from '../wire/text.js';
import { sealTo } from './drop.js';
import type { Link } from './link.js';
import { type Bytes, base64url, fromBase64url, release } from './seal.js';
import { Trouble } from './trouble.js';
import { view } from './view.js';
import { momentText, timesMore, wordsOf } from './words.js';

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
  const facts = `A file may have up to ${sizeText(size)}. The link takes ${left === 1 ? 'one more file' : `files ${timesMore(left)}`}, until ${momentText(expires)}.`;
  view.ready(`${words.from} asks you for a file`, words.name, facts, 'Hand in');
  view.choose();
  const handing = new HandingIn(link, raw, size);
  view.onAct(() => void handing.run(view.chosen()));
}

const same = (one: Bytes, other: Bytes): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

class HandingIn {
  readonly #link: Link;
  readonly #key: Bytes;
  readonly #most: number;
  readonly #done = new Set<File>();

  constructor(link: Link, key: Bytes, most: number) {
    this.#link = link;
    this.#key = key;
    this.#most = most;
  }

  /** One after the other; what is there already is not handed in twice. */
  async run(files: readonly File[]): Promise<void> {
    if (files.length === 0) return view.ask('Choose a file first.');
    view.begin();
    const visits: string[] = [];
    try {
      for (const file of files) {
        if (this.#done.has(file)) continue;
        if (file.size > this.#most) throw new Trouble('guest-too-large');
        visits.push(await this.#handIn(file));
        this.#done.add(file);
      }
    } catch (error) {
      view.trouble(error, 'Hand in');
      return;
    }
    const what = files.length === 1 ? files[0]!.name : `All ${files.length} files`;
    view.done(`${what}: handed in, sealed. It lies at the directory until it is fetched.`);
    await this.#follow(visits, what).catch(() => {});
  }

  async #handIn(file: File): Promise<string> {
    const { client, id } = this.#link;
    const visit = crypto.getRandomValues(new Uint8Array(16));
    const name = base64url(visit);
    const { enc, head, seal } = await sealTo(this.#key, id, visit, fittingName(cleanLine(file.name)));
    let there = await client.drop(name, { size: file.size, enc, head });
    const began = performance.now();
    const under: Promise<void>[] = [];
    const one = async (block: number): Promise<void> => {
      const plain = await partOf(file, block);
      const sealed = await seal.seal(plain, guestBlockPlace(visit, file.size, block));
      release(plain);
      await client.put(name, block, sealed);
      release(sealed);
      there++;
      const bytes = Math.min(file.size, there * DEPOSIT_BLOCK_BYTES);
      view.progress('Handed in', bytes, file.size, (performance.now() - began) / 1_000);
    };
    for (let block = there; block < depositBlocks(file.size); block++) {
      if (under.length >= AHEAD) await under.shift();
      const next = one(block);
      next.catch(() => {});
      under.push(next);
    }
    await Promise.all(under);
    await client.done(name);
    return name;
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
