import { createHash } from 'node:crypto';

/** What happened, in its order: two runs of a seed have the same digest. The latest lines are kept for who reads a failure. */
export class Trace {
  readonly #digest = createHash('sha256');
  readonly #latest: string[] = [];

  note(at: number, line: string): void {
    this.#digest.update(`${at.toFixed(3)} ${line}\n`);
  }

  /** Noted, and told where the seed fails. */
  tell(at: number, line: string): void {
    this.note(at, line);
    this.#latest.push(`${(at / 1000).toFixed(3)} s  ${line}`);
    if (this.#latest.length > 80) this.#latest.shift();
  }

  latest(): string {
    return this.#latest.join('\n');
  }

  digest(): string {
    return this.#digest.copy().digest('hex');
  }
}
