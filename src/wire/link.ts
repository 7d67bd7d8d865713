import { Buffer } from 'node:buffer';
import { Failure } from '../base/errors.js';

/**
 * The line a newcomer is given: `p2pchat://HOST:PORT#FINGERPRINT`. The fingerprint pins the directory's CA (and is its
 * id), so that the line is all the trust there is to hand over.
 */
export interface DirectoryLink {
  /** A name in ASCII form, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The directory's id: 43 characters of base64url, 32 bytes. */
  readonly fingerprint: string;
}

/** Where a directory answers; without its fingerprint, whichever it is. */
export interface DirectoryAddress extends Omit<DirectoryLink, 'fingerprint'> {
  readonly fingerprint?: string;
}

/** Where `directory start` listens, unless told otherwise. */
export const DIRECTORY_PORT = 4_000;

const LINK = /^p2pchat:\/\/(\[[0-9a-f:.]+\]|[^\s[\]:/?#@\\%]+):(\d{1,5})\/?#([\w-]{43})$/i;
const LINK_CHARS = 400;
const HOST_CHARS = 253;

const invalid = (why: string): Failure => new Failure('link-invalid', `That is not a directory link: ${why}.`);

/**
 * Takes spaces around the link, as pasting brings along.
 * @throws Failure usage `link-invalid`
 */
export function parseLink(text: string): DirectoryLink {
  const trimmed = text.slice(0, LINK_CHARS + 1).trim();
  if (!/^p2pchat:\/\//i.test(trimmed)) throw invalid("it doesn't begin with p2pchat://");
  if (!trimmed.includes('#')) throw invalid('the fingerprint after # is missing');
  const [, host, port, fingerprint] = LINK.exec(trimmed) ?? [];
  if (host === undefined || port === undefined || fingerprint === undefined)
    throw invalid('it is incomplete or damaged');
  if (!isFingerprint(fingerprint)) throw invalid('its fingerprint is damaged');
  return { host: canonicalHost(host), port: portOf(port), fingerprint };
}

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^\s[\]:/?#@\\%]+)(?::(\d{1,5}))?$/i;

/**
 * A link, or only where it leads to: `HOST` or `HOST:PORT`, as one is told it.
 * @throws Failure usage `link-invalid`
 */
export function parseAddress(text: string): DirectoryAddress {
  const trimmed = text.slice(0, LINK_CHARS + 1).trim();
  if (/^p2pchat:\/\//i.test(trimmed)) return parseLink(trimmed);
  const [, host, port = String(DIRECTORY_PORT)] = ADDRESS.exec(trimmed) ?? [];
  if (host === undefined) throw invalid('it is neither HOST, HOST:PORT nor a whole link');
  return { host: canonicalHost(host), port: portOf(port) };
}

/** As one writes it: an IPv6 address in brackets. */
export const hostAndPort = ({ host, port }: Pick<DirectoryLink, 'host' | 'port'>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

export const formatLink = (link: DirectoryLink): string => `p2pchat://${hostAndPort(link)}#${link.fingerprint}`;

/** Whether the text is a directory's id: the one spelling of 32 bytes. */
export const isFingerprint = (text: string): boolean =>
  text.length === 43 && Buffer.from(text, 'base64url').toString('base64url') === text;

function portOf(digits: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(`there is no port ${digits}`);
  return port;
}

/** One spelling for each address and name, by the URL standard's host parser. */
function canonicalHost(host: string): string {
  const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : undefined;
  if (url === undefined || url.hostname.length > HOST_CHARS) throw invalid('its host is neither a name nor an address');
  return url.hostname.replace(/^\[|\]$/g, '');
}
