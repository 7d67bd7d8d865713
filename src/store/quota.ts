import { overQuota } from './failures.js';

/** Bytes used and being written in one space of blobs. */
export class Quota {
  #bytes: number;

  constructor(used = 0) {
    this.#bytes = used;
  }

  /** Counts what one blob takes while it is written; throws `store-quota` before it is too much. */
  account(maxBytes = Number.POSITIVE_INFINITY, quota = Number.POSITIVE_INFINITY): Account {
    let size = 0;
    return {
      add: (bytes) => {
        if (size + bytes > maxBytes) throw overQuota(maxBytes);
        if (this.#bytes + bytes > quota) throw overQuota(quota);
        size += bytes;
        this.#bytes += bytes;
      },
      giveBack: () => {
        this.#bytes -= size;
        size = 0;
      },
    };
  }

  /** What is found to be used besides. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  free(bytes: number): void {
    this.#bytes -= bytes;
  }
}

interface Account {
  add(bytes: number): void;
  /** The blob came to nothing. */
  giveBack(): void;
}
