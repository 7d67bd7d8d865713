import { sizeText } from '../base/size.js';
import { depositBlockLength, depositBlocks } from '../wire/deposit-blocks.js';
import { GUEST_FILE_KEY } from '../wire/guest-seal.js';
import type { Link } from './link.js';
import { Pace } from './pace.js';
import { chooseSaver, type Saver } from './saver.js';
import { type Bytes, base64url, derive, release, Seal } from './seal.js';
import { Trouble } from './trouble.js';
import { view } from './view.js';
import { momentText, wordsOf } from './words.js';

/** A file for a guest: looked at, fetched block by block, opened here, and saved as it comes. */

/** Blocks that are asked for before the one that is saved. */
const AHEAD = 4;

export async function openShare(link: Link): Promise<void> {
  const { head, size, left, expires, key } = await link.client.open();
  // One for handing in, cut before its pin.
  if (key !== undefined) throw new Trouble('guest-link-key');
  const words = await wordsOf(link, head);
  const visit = visitOf(link);
  // Who has begun already goes on without another use.
  if (left === 0 && !visit.isKnown) throw new Trouble('guest-link-used');
  const facts = `${sizeText(size)}. The link opens ${timesMore(left)}, until ${momentText(expires)}.`;
  view.ready(`${words.from} shares a file with you`, words.name, facts, 'Download');
  const fetching = new Fetching(link, words.name, size, visit.id);
  view.onAct(() => void fetching.run());
}

const timesMore = (left: number): string => (left === 1 ? 'once more' : `${left} times more`);

const visitKey = ({ id }: Link): string => `visit ${base64url(id)}`;

/** Of this tab: who has begun and reloads the page does not use the link up. */
function visitOf(link: Link): { readonly id: string; readonly isKnown: boolean } {
  const known = stored(() => sessionStorage.getItem(visitKey(link)));
  return { id: known ?? base64url(crypto.getRandomValues(new Uint8Array(16))), isKnown: known !== undefined };
}

/** Undefined where the browser keeps nothing for pages. */
function stored<T>(use: () => T | null): T | undefined {
  try {
    return use() ?? undefined;
  } catch {
    return undefined;
  }
}

class Fetching {
  readonly #link: Link;
  readonly #name: string;
  readonly #size: number;
  readonly #visit: string;
  /** What has been saved so far goes on from there. */
  #saver: Saver | undefined;
  #next = 0;

  constructor(link: Link, name: string, size: number, visit: string) {
    this.#link = link;
    this.#name = name;
    this.#size = size;
    this.#visit = visit;
  }

  async run(): Promise<void> {
    view.begin();
    try {
      this.#saver ??= await chooseSaver(this.#name);
      if (this.#saver === undefined) return view.idle();
      await this.#fetch(this.#saver);
    } catch (error) {
      if (!(error instanceof Trouble && error.code === 'lost')) await this.#drop();
      view.trouble(error, this.#saver === undefined ? 'Begin again' : 'Go on');
    }
  }

  async #fetch(saver: Saver): Promise<void> {
    const { client, secret } = this.#link;
    stored(() => sessionStorage.setItem(visitKey(this.#link), this.#visit));
    await client.visit(this.#visit);
    const seal = await Seal.of(await derive(secret, GUEST_FILE_KEY));
    await this.#blocks(seal, saver);
    await saver.finish();
    this.#saver = undefined;
    view.done(`${this.#name} is here: ${sizeText(this.#size)}, whole and as it was sealed.`);
    // It is here, whether the directory hears of it or not.
    await client.done(this.#visit).catch(() => {});
  }

  async #blocks(seal: Seal, saver: Saver): Promise<void> {
    const blocks = depositBlocks(this.#size);
    const pace = new Pace('Fetched', this.#size, this.#next);
    const ahead: Promise<Bytes>[] = [];
    let asked = this.#next;
    while (this.#next < blocks) {
      while (asked < Math.min(blocks, this.#next + AHEAD)) {
        const one = this.#link.client.block(this.#visit, asked++);
        one.catch(() => {});
        ahead.push(one);
      }
      const sealed = await ahead.shift()!;
      const plain = await seal.openBlock(sealed, this.#link.id, this.#size, this.#next);
      release(sealed);
      if (plain?.length !== depositBlockLength(this.#size, this.#next)) throw new Trouble('damaged');
      await saver.write(plain);
      release(plain);
      pace.tell(++this.#next);
    }
  }

  async #drop(): Promise<void> {
    await this.#saver?.drop();
    this.#saver = undefined;
    this.#next = 0;
  }
}
