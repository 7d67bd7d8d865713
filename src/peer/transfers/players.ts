import { existsSync } from 'node:fs';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type IncomingTransfer, type Playable, type PlayerServer, servePlayer } from '../../transfer/transfer.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';

/** What is played. It may be paused, lost and found again meanwhile, each time by another run. */
export interface Film {
  readonly manifest: Manifest;
  readonly file: number;
  /** The run of now, or the last one there was in this program. */
  incoming(): IncomingTransfer | undefined;
  /** Where files are, once they are placed. */
  results(): readonly { readonly path?: string | undefined }[] | undefined;
  /** Called when anything of the transfer has changed; the function it gives back ends that. */
  onChange(listener: () => void): () => void;
}

/** The servers from which players read, one for each file that is played. */
export class Players {
  readonly #random: Random;
  readonly #serving = new Map<string, Map<number, Promise<PlayerServer>>>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the address for a player @throws Failure usage 'no-such-file', 'transfer-not-running' */
  async serve(id: string, film: Film): Promise<string> {
    judge(film);
    const files = this.#serving.get(id) ?? new Map<number, Promise<PlayerServer>>();
    this.#serving.set(id, files);
    const serving = files.get(film.file) ?? servePlayer(playable(film), this.#random);
    files.set(film.file, serving);
    serving.catch(() => files.delete(film.file));
    return (await serving).url;
  }

  /** No more of it is going to come: whoever waits for more is told so. */
  async end(id: string): Promise<void> {
    const files = this.#serving.get(id);
    this.#serving.delete(id);
    await closed(files);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#serving.values()].map(closed));
  }
}

async function closed(files: ReadonlyMap<number, Promise<PlayerServer>> | undefined): Promise<void> {
  const servers = await Promise.allSettled(files?.values() ?? []);
  await Promise.all(servers.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
}

function judge(film: Film): void {
  if (film.manifest.files[film.file] === undefined) throw noSuchFile();
  const placed = film.results()?.[film.file]?.path;
  if (placed !== undefined && !existsSync(placed)) throw gone(placed);
  if (placed === undefined && film.incoming() === undefined) throw notRunning();
}

function playable(film: Film): Playable {
  const { manifest, file } = film;
  const size = contentBytes(manifest);
  let asked: readonly [from: number, to: number] | undefined;
  let last: IncomingTransfer | undefined;
  /** What was asked for of an earlier run is asked for of this one. */
  const now = (): IncomingTransfer | undefined => {
    const incoming = film.incoming();
    if (incoming !== last && asked !== undefined) incoming?.want(...asked);
    last = incoming;
    return incoming;
  };
  const placed = (): string | undefined => film.results()?.[file]?.path;
  return {
    manifest,
    file,
    path: () => placed() ?? now()?.path(file) ?? '',
    want: (from, to) => {
      asked = [from, to];
      now()?.want(from, to);
    },
    available: (from) => (placed() === undefined ? (now()?.available(from) ?? 0) : size - from),
    onMore: (listener) => film.onChange(listener),
  };
}

const noSuchFile = (): Failure => new Failure('no-such-file', 'the transfer has no such file');
const gone = (path: string): Failure =>
  new Failure('no-such-file', `${path} is not there any more`, { hint: 'It was moved or removed.' });
const notRunning = (): Failure => new Failure('transfer-not-running');
