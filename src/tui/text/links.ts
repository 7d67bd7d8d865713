/** A stretch of a text that leads somewhere. */
export interface Link {
  readonly from: number;
  readonly to: number;
  /** Printable ASCII, of a scheme that opens a browser or a mail program and nothing else. */
  readonly href: string;
}

const SCHEMES = ['http:', 'https:', 'mailto:'];
const CANDIDATE = /\b(?:https?:\/\/|mailto:)[^\s<>"`]+/giu;
/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?'*_~]+$/;
const HREF = /^[\x21-\x7e]+$/;
const LONGEST = 2_000;

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

/** Without the closing bracket of a sentence the address stands in. */
function trimmed(found: string): string {
  for (let address = found; ; ) {
    const shorter = address.replace(TRAILING, '');
    const unopened = /[)\]}]$/.test(shorter) && count(shorter, /[)\]}]/g) > count(shorter, /[([{]/g);
    const next = unopened ? shorter.slice(0, -1) : shorter;
    if (next === address) return address;
    address = next;
  }
}

function hrefOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { href, protocol } = new URL(address);
  return SCHEMES.includes(protocol) && href.length <= LONGEST && HREF.test(href) ? href : undefined;
}

/** The addresses in a text, in order. */
export function linksIn(text: string): Link[] {
  if (!text.includes(':')) return [];
  const links: Link[] = [];
  for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
    const address = trimmed(found);
    const href = hrefOf(address);
    if (href !== undefined) links.push({ from: index, to: index + address.length, href });
  }
  return links;
}
