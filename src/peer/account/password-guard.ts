import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure, waitOf } from '../../base/errors.js';
import { writeWholeFile } from '../../base/whole-file.js';
import type { SigningKey } from '../../crypto/keys.js';
import { BLOCK_AFTER_FAILURES, BLOCK_MAX_MS, BLOCK_MS } from '../../wire/limits.js';
import type { DirectoryLink } from '../../wire/link.js';
import { tryPassword } from './register.js';
import type { Credentials } from './second-factor-prompt.js';

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

  /**
   * For a password that the profile does not open with: it may be the account's, changed on another device; else it counts.
   * @returns the account's identity key, where the directory lets the password in
   * @throws what the directory answers, or `why`, the profile's own refusal
   */
  async failed(link: DirectoryLink, credentials: Credentials, why: Failure): Promise<SigningKey> {
    try {
      const identity = await tryPassword(link, credentials, this.#clock);
      await this.succeeded();
      return identity;
    } catch (error) {
      const answer = toFailure(error);
      // The password was right: nothing of this is a guess at the profile.
      if (answer.code === 'second-factor-needed') throw answer;
      await this.#count(waitOf(answer));
      throw answer.reason === 'unreachable' || hasCode(answer, 'wrong-credentials') ? why : answer;
    }
  }

  async #count(directoryBlock: number): Promise<void> {
    const now = this.#clock.now();
    const failures = (await this.#read()).failures + 1;
    const rounds = Math.floor(failures / BLOCK_AFTER_FAILURES);
    const own = failures % BLOCK_AFTER_FAILURES === 0 ? Math.min(BLOCK_MAX_MS, BLOCK_MS * 2 ** (rounds - 1)) : 0;
    const until = now + (directoryBlock > 0 ? directoryBlock : own);
    await writeWholeFile(this.#path, JSON.stringify({ failures, since: now, until }));
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
  return new Failure('login-blocked', `too many wrong passwords: this name is blocked for ${seconds} s`, {
    hint: `Wait ${seconds} s, then try again.`,
    details: { seconds },
  });
};
