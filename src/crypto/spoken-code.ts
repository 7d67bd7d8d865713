import { wordlist } from '@scure/bip39/wordlists/english.js';
import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import { type Random, randomBelow } from '../base/random.js';
import { PAIRING_WORDS } from '../wire/limits.js';
import { type DirectoryLink, formatLink, parseLink } from '../wire/link.js';

/**
 * What one person tells another: a number, by which two machines find each other, and three words, by which they know
 * each other. The words are of BIP-39's English list: 2,048 of them, told apart by their first four letters. Three make
 * 2^33 codes, of which whoever stands between gets to try one on either side.
 */

export interface SpokenCode {
  readonly number: number;
  /** Separated by spaces. */
  readonly words: string;
  /** Where the code was copied, not spoken. */
  readonly link?: DirectoryLink;
}

export const newWords = (random: Random): string =>
  Array.from({ length: PAIRING_WORDS }, () => wordlist[randomBelow(random, wordlist.length)]).join(' ');

export const formatCode = ({ number, words }: SpokenCode): string => `${number} ${words}`;

/** For a QR code, or to be copied: nothing else is needed to find the directory. */
export const formatCodeLink = (link: DirectoryLink, code: SpokenCode): string =>
  `${formatLink(link)} ${formatCode(code).replaceAll(' ', '-')}`;

const CODE_CHARS = 600;
/** The least that tells two words of the list apart. */
const TELLING_LETTERS = 4;

const notACode = (message: string, hint?: string): Failure =>
  new Failure('code-invalid', message, hint === undefined ? {} : { hint });

/**
 * Takes the code as it was heard or copied: any case, hyphens or spaces between, words cut to four letters or more. A word
 * that is none is found here, before it costs the code its one try.
 * @throws Failure usage 'code-invalid', which names what is wrong; 'link-invalid'
 */
export function parseCode(text: string): SpokenCode {
  const given = text.slice(0, CODE_CHARS).trim();
  const [, link, rest = ''] = /^(p2pchat:\/\/\S+)?\s*(.*)$/is.exec(given) ?? [];
  const parts =
    rest
      .normalize('NFKC')
      .toLowerCase()
      .match(/\d+|\p{L}+/gu) ?? [];
  const [number = '', ...words] = parts;
  if (!/^\d{4,6}$/.test(number)) throw notACode('A code begins with a number of four to six digits.');
  if (words.length !== PAIRING_WORDS) {
    throw notACode(`A code has a number and ${PAIRING_WORDS} words; that has ${words.length} behind its number.`);
  }
  return {
    number: Number(number),
    words: words.map(wordOf).join(' '),
    ...(link !== undefined && { link: parseLink(link) }),
  };
}

function wordOf(heard: string, at: number): string {
  if (wordlist.includes(heard)) return heard;
  const meant = wordlist.filter((word) => word.startsWith(heard));
  if (heard.length >= TELLING_LETTERS && meant.length === 1) return meant[0]!;
  const near = closestMatch(heard.slice(0, 16), wordlist);
  throw notACode(
    `Word ${at + 1} is not one that codes are made of.`,
    near === undefined ? 'Ask for it once more; the code has not been tried yet.' : `Did you mean '${near}'?`,
  );
}
