import { Session } from 'node:inspector/promises';

/** Which blocks of our own code have run, as V8 counts them. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();
  readonly #seenByMany = new Set<string>();
  #ours = /^/;

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    coverage.#session.connect();
    await coverage.#session.post('Profiler.enable');
    await coverage.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return coverage;
  }

  /** Nothing has run yet. @param ours the scripts that count, by their address */
  async forget(ours: RegExp): Promise<void> {
    this.#ours = ours;
    this.#seen.clear();
    this.#seenByMany.clear();
    await this.#ran();
  }

  /**
   * How much of what has run since the last look has never been seen before: by looks after one input, or by looks after
   * many, whose blocks V8 tells apart otherwise.
   */
  async news(after: 'one' | 'many'): Promise<number> {
    const seen = after === 'one' ? this.#seen : this.#seenByMany;
    const before = seen.size;
    for (const block of await this.#ran()) seen.add(block);
    return seen.size - before;
  }

  async #ran(): Promise<string[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ url }) => this.#ours.test(url))
      .flatMap(({ scriptId, functions }) =>
        functions.flatMap(({ ranges }) =>
          // A block that ran as often as the one around it is not told; one that did not run is.
          ranges.map(
            ({ startOffset, endOffset, count }) => `${scriptId}:${startOffset}-${endOffset}:${count > 0 ? 1 : 0}`,
          ),
        ),
      );
  }

  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
