import { spawn } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { FINE, type Picture, parsePpm, small } from '../src/tui/log/picture.js';

/** Cells of a preview in a terminal are one pixel wide and two high, and terminals that can show more get more. */
const WIDTH = 48 * FINE;
const HEIGHT = 24 * FINE;
const OUTPUT_BYTES = 64 + 3 * WIDTH * HEIGHT;
const MILLISECONDS = 5_000;
const MEMORY_BYTES = 1 << 30;

/** Kinds of pictures and films only: no playlists, which would open other files, and nothing that reads the network. */
const FORMATS = 'mov,matroska,avi,gif,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe';

export const installed = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** The file comes as a descriptor: its name then decides nothing. */
function command(): readonly string[] {
  const ffmpeg = [
    ...['ffmpeg', '-v', 'error', '-nostdin', '-threads', '1', '-protocol_whitelist', 'file,pipe'],
    ...['-format_whitelist', FORMATS, '-i', 'file:/dev/fd/3', '-frames:v', '1', '-an', '-sn', '-dn'],
    ...['-vf', `scale=${WIDTH}:${HEIGHT}:force_original_aspect_ratio=decrease:flags=area`],
    ...['-f', 'image2pipe', '-c:v', 'ppm', 'pipe:1'],
  ];
  const limits = ['prlimit', `--as=${MEMORY_BYTES}`, `--cpu=${MILLISECONDS / 1_000}`, '--fsize=0', '--'];
  return installed('prlimit') ? [...limits, ...ffmpeg] : ffmpeg;
}

/**
 * A small picture of a file that the person has taken, by ffmpeg, in a process of its own: in bounded time and, where
 * there is prlimit, memory, without the right to write. Undefined where anything about it is not as it should be.
 */
export async function preview(path: string): Promise<Picture | undefined> {
  if (!installed('ffmpeg')) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await pictureOf(file.fd);
  } finally {
    await file.close();
  }
}

function pictureOf(fd: number): Promise<Picture | undefined> {
  const [program, ...args] = command();
  const env = { PATH: process.env.PATH ?? '' };
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'ignore', fd], env });
  const timer = setTimeout(() => child.kill('SIGKILL'), MILLISECONDS);
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout!.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > OUTPUT_BYTES) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  return new Promise((resolve) => {
    const end = (picture: Picture | undefined): void => {
      clearTimeout(timer);
      resolve(picture);
    };
    child.on('error', () => end(undefined));
    child.on('close', (code) => {
      const fine = code === 0 ? parsePpm(Buffer.concat(chunks), Math.max(WIDTH, HEIGHT)) : undefined;
      end(fine && small(fine));
    });
  });
}
