import { existsSync, renameSync } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { destination } from 'pino';
import type { Cancel, Clock } from '../../base/clock.js';
import { timestamp } from '../../base/clock.js';

const DAY_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Files put aside that are kept at most, however young: with a directory under attack they come quickly. */
const KEPT_FILES = 32;

export interface LogFileInit {
  /** Made if missing, mode 0600. */
  readonly file: string;
  readonly clock: Clock;
  /** A file of this size is put aside, and one that was begun a day ago. */
  readonly maxBytes: number;
  /** What was put aside goes after so many days. */
  readonly keepDays: number;
}

/** A file that is put aside while it is written, and not kept for ever. A disk that fails is no reason to end. */
export class LogFile {
  readonly #init: LogFileInit;
  readonly #out: ReturnType<typeof destination>;
  #bytes: number;
  #begun: number;
  #cancel: Cancel = () => {};
  #sweeping: Promise<void> = Promise.resolve();
  /** A stream that is told to end while it opens a file anew does neither. */
  #reopened: Promise<void> = Promise.resolve();

  private constructor(init: LogFileInit, { bytes, begun }: { bytes: number; begun: number }) {
    this.#init = init;
    this.#bytes = bytes;
    this.#begun = begun;
    this.#out = destination({ dest: init.file, mode: 0o600, append: true, sync: false, mkdir: false });
    this.#out.on('error', () => {});
  }

  static async open(init: LogFileInit): Promise<LogFile> {
    const { size: bytes } = await stat(init.file).catch(() => ({ size: 0 }));
    const begun = (bytes > 0 && (await firstTime(init.file))) || init.clock.now();
    const file = new LogFile(init, { bytes, begun });
    await new Promise<void>((resolve) => file.#out.once('ready', resolve));
    file.#tidy();
    await file.#sweeping;
    return file;
  }

  write(line: string): void {
    this.#bytes += Buffer.byteLength(line);
    this.#out.write(line);
    if (this.#bytes >= this.#init.maxBytes) this.#putAside();
  }

  /** Whoever has moved the file away gets a new one in its place. */
  reopen(): void {
    this.#bytes = 0;
    this.#begun = this.#init.clock.now();
    this.#reopened = new Promise((resolve) => {
      const settled = (): void => {
        this.#out.off('ready', settled).off('error', settled);
        resolve();
      };
      this.#out.on('ready', settled).on('error', settled);
    });
    this.#out.reopen();
  }

  /** What was written is on disk, as far as the disk takes it. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#sweeping;
    await this.#reopened;
    await new Promise<void>((resolve) => {
      this.#out.once('close', resolve);
      this.#out.end();
    });
  }

  #putAside(): void {
    const { file, clock } = this.#init;
    try {
      let at = clock.now();
      while (existsSync(asideName(file, at))) at++;
      renameSync(file, asideName(file, at));
    } catch {
      // Then it grows on: the next line tries again after as many bytes.
    }
    this.reopen();
    this.#sweep();
  }

  #tidy(): void {
    const { clock, maxBytes } = this.#init;
    const old = this.#bytes > 0 && clock.now() - this.#begun >= DAY_MS;
    if (old || this.#bytes >= maxBytes) this.#putAside();
    else this.#sweep();
    this.#cancel = clock.after(SWEEP_EVERY_MS, () => this.#tidy());
  }

  #sweep(): void {
    this.#sweeping = this.#sweeping.then(() => this.#forget()).catch(() => {});
  }

  async #forget(): Promise<void> {
    const { file, clock, keepDays } = this.#init;
    const folder = dirname(file);
    const names = (await readdir(folder)).filter((name) => isAside(name, basename(file))).sort();
    const kept: string[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const { mtimeMs } = await stat(path);
      if (clock.now() - mtimeMs > keepDays * DAY_MS) await rm(path, { force: true });
      else kept.push(path);
    }
    for (const path of kept.slice(0, Math.max(0, kept.length - KEPT_FILES))) await rm(path, { force: true });
  }
}

const asideName = (file: string, at: number): string => `${file}.${timestamp(at).replaceAll(':', '-')}`;

/** Only what this program has put aside: `.1` was the name before there were several. */
const isAside = (name: string, file: string): boolean =>
  name.startsWith(`${file}.`) && /^(1|\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z)$/.test(name.slice(file.length + 1));

/** When the first line of a log was written, milliseconds. */
async function firstTime(file: string): Promise<number | undefined> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(256), position: 0 });
    const [, time = ''] = /"time":"([^"]+)"/.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
    const at = Date.parse(time);
    return Number.isNaN(at) ? undefined : at;
  } finally {
    await handle.close();
  }
}
