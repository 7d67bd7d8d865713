import { Failure } from '../base/errors.js';
import { secondsOrSpan } from '../commands/duration.js';
import { rateOf, sizeOf } from '../commands/parse-unit.js';
import type { OpenPeer } from '../peer/api/account.js';
import type { Whoami } from '../peer/api/peer.js';
import { password } from './password.js';
import type { Shell } from './shell.js';

/** Options which several commands share, as yargs hands them over. */
export interface PeerOptions {
  readonly directory?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly listen?: string | undefined;
  readonly peer?: string | readonly string[] | undefined;
}

export const PASSWORD_FILE = {
  type: 'string',
  requiresArg: true,
  describe: 'file whose first line is the password; - is standard input',
} as const;

export const PHRASE_FILE = {
  type: 'string',
  requiresArg: true,
  describe: 'file with the recovery phrase; - is standard input',
} as const;

export const CODE = {
  type: 'string',
  requiresArg: true,
  describe: 'of the second factor: six digits from your app, or a recovery code',
} as const;

/** Of what `listen` takes. */
export const INTO = {
  type: 'string',
  requiresArg: true,
  describe: 'folder for the files',
  defaultDescription: 'downloads in P2PCHAT_HOME',
} as const;

export const DIRECTORY = {
  type: 'string',
  requiresArg: true,
  describe: 'p2pchat://HOST:PORT#FINGERPRINT (or P2PCHAT_DIRECTORY); remembered in the profile',
} as const;

const LISTEN = {
  type: 'string',
  requiresArg: true,
  describe: 'HOST:PORT for direct links; port 0 picks one',
} as const;

const PEER = {
  type: 'string',
  requiresArg: true,
  describe: 'HOST:PORT of a device to link to, where neither the directory nor the local network names it',
} as const;

/** What everything takes that opens the profile; each with a value. */
export const OPENING = { 'password-file': PASSWORD_FILE, directory: DIRECTORY, listen: LISTEN, peer: PEER } as const;

export const givenDirectory = (shell: Shell, { directory }: PeerOptions): string | undefined =>
  directory || shell.env.P2PCHAT_DIRECTORY || undefined;

/** @throws Failure usage `directory-needed` */
export function neededDirectory(shell: Shell, options: PeerOptions, profile: Whoami | undefined): string {
  const link = givenDirectory(shell, options) ?? profile?.directory;
  if (link !== undefined) return link;
  throw new Failure('directory-needed');
}

/** Seconds or a number, checked: yargs would make NaN of it. @throws Failure usage `argument-invalid` */
export function numberOption(name: string, value: string | undefined, whole: boolean): number | undefined {
  if (value === undefined) return undefined;
  const number = whole ? Number(value) : (secondsOrSpan(value) ?? Number.NaN);
  if (value !== '' && number >= 0 && number <= 1e9 && (!whole || Number.isInteger(number))) return number;
  throw new Failure('argument-invalid', `--${name}: that is not a number this can use.`, {
    hint: whole ? 'Give a whole number, 0 or more.' : 'Give seconds, or 30s, 5m, 1h.',
  });
}

/** Bytes. @throws Failure usage `argument-invalid` */
export function sizeOption(name: string, value: string | undefined): number | undefined {
  const bytes = value === undefined ? undefined : sizeOf(value);
  if (value === undefined || bytes !== undefined) return bytes;
  throw new Failure('argument-invalid', `--${name}: that is not a size.`, { hint: 'Write 500MB or 2GiB.' });
}

/** Bytes a second. @throws Failure usage `argument-invalid` */
export function rateOption(name: string, value: string | undefined): number | undefined {
  const rate = value === undefined ? undefined : rateOf(value);
  if (value === undefined || rate !== undefined) return rate;
  throw new Failure('argument-invalid', `--${name}: that is not a rate.`, { hint: 'Write 10MB/s or 400Mbit/s.' });
}

/** Not for people: whoever starts a further process of ours holds its standard input. */
export const WITH_PARENT = { type: 'boolean', hidden: true } as const;

/** Resolves at the end of standard input, where that is whoever started this process; else never. */
export const parentGone = (
  shell: Shell,
  options: { readonly 'with-parent'?: boolean | undefined },
): Promise<unknown> => (options['with-parent'] === true ? shell.input().rest() : new Promise<never>(() => {}));

const HOST_PORT = /^(\[[0-9a-fA-F:.]+(?:%[^\]\s]+)?\]|[^\s:[\]]+):(\d{1,5})$/;

/** @throws Failure usage `listen-invalid` */
export function listenOption(value: string | undefined, name = 'listen'): string | undefined {
  if (value === undefined) return undefined;
  const [, , port] = HOST_PORT.exec(value) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return value;
  throw new Failure('listen-invalid', `--${name}: that is not HOST:PORT.`, {
    hint: 'Write 0.0.0.0:4100, [::]:4100 or 127.0.0.1:0; port 0 picks a free one.',
  });
}

/** @throws Failure usage `argument-invalid` */
function peersOption(value: string | readonly string[] = []): readonly string[] {
  const peers = [value].flat();
  for (const peer of peers) {
    const [, , port] = HOST_PORT.exec(peer) ?? [];
    if (port !== undefined && Number(port) > 0 && Number(port) <= 65_535) continue;
    throw new Failure('argument-invalid', '--peer: that is not HOST:PORT.', {
      hint: 'Write 192.168.1.7:4100 or [fe80::7%eth0]:4100; p2pchat doctor says there where it listens.',
    });
  }
  return peers;
}

/** @throws Failure credentials `not-logged-in` */
export async function neededProfile(shell: Shell): Promise<Whoami> {
  const { profile } = await shell.parts.peer();
  const me = await profile(shell.home);
  if (me !== undefined && !me.loggedOut) return me;
  throw new Failure('not-logged-in', 'Nobody is logged in here yet.');
}

/** What opening the profile takes; asks for the password where there is a profile to open. */
export async function openInit(shell: Shell, options: PeerOptions, ask?: () => Promise<string>): Promise<OpenPeer> {
  await neededProfile(shell);
  const secret = await (ask?.() ?? password(shell, { file: options['password-file'], prompt: 'Password' }));
  return withPassword(shell, options, secret);
}

export function withPassword(shell: Shell, options: PeerOptions, secret: string): OpenPeer {
  const directory = givenDirectory(shell, options);
  const listen = listenOption(options.listen);
  return {
    home: shell.home,
    password: secret,
    ...(directory !== undefined && { directory }),
    ...(listen !== undefined && { listen }),
    peers: peersOption(options.peer),
    lan: shell.env.P2PCHAT_LAN !== 'off',
    mapping: shell.env.P2PCHAT_MAPPING !== 'off',
  };
}
