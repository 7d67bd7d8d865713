import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../base/errors.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { Child, Said } from './children.js';

/** The part of the tour in which files travel. */

const FILE_BYTES = 48_000_000;
const FILM_BYTES = 16_000_000;
/** A test picture with noise, so that three seconds of it are worth sending. */
const PICTURE = 'testsrc2=size=960x540:rate=25,noise=alls=30:allf=t+u';
const FFMPEG = ['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', PICTURE, '-t', '3', '-c:v', 'mpeg4', '-q:v', '2'];
const FFMPEG_MS = 20_000;

export interface Film {
  readonly path: string;
  /** How it came to be, for people. */
  readonly what: string;
}

/** A real one where there is ffmpeg. */
export async function makeFilm(folder: string): Promise<Film> {
  const path = join(folder, 'film.mp4');
  try {
    await promisify(execFile)('ffmpeg', [...FFMPEG, path], { timeout: FFMPEG_MS });
    return { path, what: 'a video made by ffmpeg' };
  } catch {
    await writeFile(path, randomBytes(FILM_BYTES));
    return { path, what: 'random bytes named film.mp4 (ffmpeg makes a real video, and is not installed)' };
  }
}

export async function makeFile(folder: string): Promise<string> {
  const path = join(folder, 'holiday.zip');
  await writeFile(path, randomBytes(FILE_BYTES));
  return path;
}

export interface Sent {
  readonly bytes: number;
  /** Bytes per second while it ran, as the sender says. */
  readonly rate: number;
  readonly path: string;
}

/** Alice gives the line, Bob accepts, and what he has then is what she sent. */
export async function send(line: string, source: string, from: Child, to: Child): Promise<Sent> {
  const { size } = await stat(source);
  from.type(`${line} ${source}`);
  const { id } = await to.event(transfer({ state: 'offered', size }));
  to.type(`/accept ${String(id)}`);
  const isDone = transfer({ state: 'done', id: String(id) });
  const [sent, received] = (await Promise.all([from.event(isDone), to.event(isDone)])) as unknown as TransferEvent[];
  const place = received?.files[0]?.path ?? '';
  if ((await sha256(place)) !== (await sha256(source)) || sent?.files[0]?.sha256 !== received?.files[0]?.sha256) {
    throw new Failure('tour');
  }
  return { bytes: size, rate: sent!.rate, path: String(sent!.path) };
}

const transfer =
  (wanted: { readonly state: string; readonly id?: string; readonly size?: number }) =>
  (said: Said): boolean =>
    said.event === 'transfer' && Object.entries(wanted).every(([key, value]) => said[key] === value);

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
