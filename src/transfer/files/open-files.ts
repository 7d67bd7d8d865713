import { closeSync } from 'node:fs';

/** Descriptors by number of the file, the least recently used closed when there are too many. */
export class OpenFiles {
  readonly #open: (file: number) => number;
  readonly #beforeClose: (fd: number) => void;
  readonly #fds = new Map<number, number>();

  constructor(open: (file: number) => number, beforeClose: (fd: number) => void = () => {}) {
    this.#open = open;
    this.#beforeClose = beforeClose;
  }

  get(file: number): number {
    const known = this.#fds.get(file);
    if (known !== undefined) {
      if (this.#fds.size > 1) {
        this.#fds.delete(file);
        this.#fds.set(file, known);
      }
      return known;
    }
    if (this.#fds.size >= MOST) this.#close(this.#fds.keys().next().value!);
    const fd = this.#open(file);
    this.#fds.set(file, fd);
    return fd;
  }

  get fds(): number[] {
    return [...this.#fds.values()];
  }

  #close(file: number): void {
    const fd = this.#fds.get(file)!;
    this.#fds.delete(file);
    this.#beforeClose(fd);
    closeSync(fd);
  }

  close(): void {
    for (const file of [...this.#fds.keys()]) this.#close(file);
  }
}

const MOST = 32;
