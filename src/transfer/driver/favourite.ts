import type { Path } from '../protocol/path.js';
import type { Host } from './host.js';

/** The path by which most comes now, for which the system is made ready; and what ends that. */
export class Favourite {
  readonly #host: Host;
  #path: Path | undefined;
  #end: () => void = () => {};

  constructor(host: Host) {
    this.#host = host;
  }

  set(path: Path | undefined): void {
    if (this.#path === path) return;
    this.#end();
    this.#path = path;
    this.#end = path === undefined ? () => {} : this.#host.favour(path);
  }
}
