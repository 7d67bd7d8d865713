import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Failure } from '../base/errors.js';
import { field } from './format-message.js';

/** The program that shows a film. */

const OPENER = process.platform === 'darwin' ? 'open' : 'xdg-open';
/** In this order, those that read ranges from an address. */
const PLAYERS: readonly (readonly string[])[] = [
  ['mpv', '--really-quiet'],
  ['vlc', '--play-and-exit'],
  ['cvlc', '--play-and-exit'],
  [OPENER],
];
/** mpv's: played, and ended by its user. */
const ENDED_WELL: ReadonlySet<number | null> = new Set([0, 4, null]);

export interface Player {
  readonly program: string;
  /** Hands the address on to a program which stays, and ends at once. */
  readonly passesOn: boolean;
  /** Resolves once it runs. @throws Failure usage 'player-failed' */
  start(url: string): Promise<ChildProcess>;
}

const installed = (program: string): boolean =>
  program.includes('/')
    ? existsSync(program)
    : (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** @param wanted its command line; without, the first of those known @throws Failure usage 'player-missing' */
export function choosePlayer(wanted: string | undefined, url: string): Player {
  const words = wanted?.split(/\s+/).filter(Boolean) ?? PLAYERS.find(([program]) => installed(program!)) ?? [];
  const [program = '', ...options] = words;
  if (program === '' || !installed(program)) {
    const called = wanted === undefined ? '' : ` '${field(wanted)}'`;
    throw new Failure('player-missing', `There is no player${called}.`, {
      hint: `Install mpv or VLC, name another with --player, or open ${url} yourself while this program runs.`,
    });
  }
  return { program, passesOn: program === OPENER, start: (address) => started(program, options, address) };
}

/** mpv takes nothing in a film for an address, and no scripts of its user's along. */
const MPV = ['--no-config', '--ordered-chapters=no', '--ytdl=no'];

interface Handing {
  readonly words: readonly string[];
  readonly input: string;
  /** Once it has ended. */
  clear(): void;
}

/**
 * Whoever else is on this machine sees command lines, and the address is what lets one in: mpv reads it from its input, VLC
 * from a file that only this user can read. Others take it by their command line alone.
 */
function handing(program: string, options: readonly string[], url: string): Handing {
  if (/(?:^|\/)mpv$/.test(program)) {
    return { words: [...MPV, ...options, '--playlist=-'], input: `${url}\n`, clear() {} };
  }
  if (!/(?:^|\/)c?vlc$/.test(program)) return { words: [...options, url], input: '', clear() {} };
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-'));
  const list = join(folder, 'film.m3u');
  writeFileSync(list, `#EXTM3U\n${url}\n`, { mode: 0o600 });
  const clear = (): void => {
    process.off('exit', clear);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', clear);
  return { words: [...options, list], input: '', clear };
}

async function started(program: string, options: readonly string[], url: string): Promise<ChildProcess> {
  const { words, input, clear } = handing(program, options, url);
  const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.once('close', clear).once('error', clear);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(playerFailed(program, error.message, url)));
  });
  child.on('error', () => {});
  child.unref();
  return child;
}

/** Until it ends. @throws Failure usage 'player-failed' */
export async function watched({ program }: Player, child: ChildProcess, url: string): Promise<void> {
  const status =
    child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code))));
  if (!ENDED_WELL.has(status)) throw playerFailed(program, `status ${status}`, url);
}

const playerFailed = (program: string, why: string, url: string): Failure =>
  new Failure('player-failed', `${field(program)} could not play it (${field(why)}).`, {
    hint: `Name another with --player, or open ${url} yourself while this program runs.`,
  });
