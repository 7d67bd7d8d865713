import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../base/clock.js';
import { Failure, hasCode, toFailure } from '../base/errors.js';
import { BLOCK_AFTER_FAILURES, BLOCK_MAX_MS, BLOCK_MS } from '../wire/limits.js';
import type { DirectoryLink } from '../wire/link.js';
import { tryPassword } from './account.js';
import { asksForCode } from './login-code.js';

const guardSchema = v.object({ failures: v.number(), since: v.number(), until: v.number() });
type Guard = v.InferOutput<typeof guardSchema>;

const NONE: Guard = { failures: 0, since: 0, until: 0 };

/**
 * Wrong passwords for a profile on this machine. Each is told to the directory, where it counts like any other for the
 * name; here it counts too, because whoever has the profile in hand needn't ask the directory.
 */
export class PasswordGuard {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(home: string, clock: Clock) {
    this.#path = join(home, 'guard.json');
    this.#clock = clock;
  }

  /** @throws Failure blocked 'login-blocked' */
  async assertOpen(): Promise<void> {
    const { since, until } = await this.#read();
    const now = this.#clock.now();
    // A clock set back must not lengthen the block for ever, one set forward is the owner's own machine.
    if (now >= since && now < until) throw blocked(until - now);
  }

  async succeeded(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /** Counts a wrong password. @throws always: what the directory answers, or the profile's own refusal */
  async failed(link: DirectoryLink, user: string, password: string, why: Failure): Promise<never> {
    const answer = await tryPassword(link, user, password, this.#clock).then(
      () => why,
      (error: unknown) => toFailure(error),
    );
    const seconds = Number(answer.details.seconds ?? 0);
    await this.#count(seconds * 1000);
    // Where the code is asked for, the password was another one's than the profile's.
    const silent = answer.reason === 'unreachable' || hasCode(answer, 'wrong-credentials') || asksForCode(answer);
    throw silent ? why : answer;
  }

  async #count(directoryBlock: number): Promise<void> {
    const now = this.#clock.now();
    const failures = (await this.#read()).failures + 1;
    const rounds = Math.floor(failures / BLOCK_AFTER_FAILURES);
    const own = failures % BLOCK_AFTER_FAILURES === 0 ? Math.min(BLOCK_MAX_MS, BLOCK_MS * 2 ** (rounds - 1)) : 0;
    const until = now + (directoryBlock > 0 ? directoryBlock : own);
    await writeFile(this.#path, JSON.stringify({ failures, since: now, until }), { mode: 0o600 });
  }

  async #read(): Promise<Guard> {
    try {
      return v.parse(guardSchema, JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return NONE;
    }
  }
}

const blocked = (ms: number): Failure => {
  const seconds = Math.ceil(ms / 1000);
  return new Failure('blocked', 'login-blocked', `too many wrong passwords: this name is blocked for ${seconds} s`, {
    hint: `Wait ${seconds} s, then try again.`,
    details: { seconds },
  });
};
