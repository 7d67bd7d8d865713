import { existsSync } from 'node:fs';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type IncomingTransfer, type Playable, type PlayerServer, servePlayer } from '../../transfer/transfer.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';

interface Film {
  readonly manifest: Manifest;
  readonly file: number;
  /** While it arrives, and after that in the same run of the program. */
  readonly incoming: IncomingTransfer | undefined;
  /** Where files are, once they are placed. */
  readonly results: readonly { readonly path?: string | undefined }[] | undefined;
}

/** The servers from which players read, one for each file that is played. */
export class Players {
  readonly #random: Random;
  readonly #serving = new Map<string, Promise<PlayerServer>>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the address for a player @throws Failure usage 'no-such-file', 'transfer-not-running' */
  async serve(id: string, film: Film): Promise<string> {
    const key = `${id} ${film.file} ${film.incoming === undefined}`;
    const serving = this.#serving.get(key) ?? servePlayer(playable(film), this.#random);
    this.#serving.set(key, serving);
    serving.catch(() => this.#serving.delete(key));
    return (await serving).url;
  }

  async close(): Promise<void> {
    const servers = await Promise.allSettled(this.#serving.values());
    await Promise.all(servers.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
  }
}

function playable({ manifest, file, incoming, results }: Film): Playable {
  const placed = results?.[file]?.path;
  if (placed !== undefined && incoming === undefined) {
    if (!existsSync(placed)) throw gone(placed);
    const size = contentBytes(manifest);
    const available = (from: number): number => size - from;
    return { manifest, file, path: () => placed, want: () => {}, available, onMore: () => () => {} };
  }
  if (incoming === undefined) throw notRunning();
  return {
    manifest,
    file,
    path: () => incoming.path(file),
    want: (from, to) => incoming.want(from, to),
    available: (from) => incoming.available(from),
    onMore: (listener) => incoming.onMore(listener),
  };
}

const gone = (path: string): Failure =>
  new Failure('usage', 'no-such-file', `${path} is not there any more`, { hint: 'It was moved or removed.' });
const notRunning = (): Failure =>
  new Failure('usage', 'transfer-not-running', 'nothing of it has come yet', { hint: 'Try again in a moment.' });
