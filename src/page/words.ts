import { decodeWords, GUEST_HEAD_KEY, type GuestWords, guestHeadPlace } from '../wire/guest-seal.js';
import { cleanLine } from '../wire/text.js';
import type { Link } from './link.js';
import { derive, fromBase64url, Seal } from './seal.js';
import { Trouble } from './trouble.js';

/** What the maker of a link says to who opens it. @throws Trouble 'changed' */
export async function wordsOf({ id, secret }: Link, head: string): Promise<GuestWords> {
  const seal = await Seal.of(await derive(secret, GUEST_HEAD_KEY));
  const sealed = fromBase64url(head);
  const opened = sealed && (await seal.open(sealed, guestHeadPlace(id)));
  const words = opened && decodeWords(opened);
  if (words === undefined) throw new Trouble('changed');
  return { name: cleanLine(words.name), from: cleanLine(words.from) };
}

export const momentText = (at: number): string =>
  new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
