import assert from 'node:assert/strict';
import type { Ended, Running } from './processes.js';
import { errorCode, type Person, Stage } from './stage.js';

/** A directory and people on it who are called by their names, each with an installation. The first one owns it. */
export class Crowd {
  readonly #stage = new Stage();
  readonly #people = new Map<string, Person>();

  /** @param flags of the directory */
  static async gather([owner, ...others]: readonly [string, ...string[]], ...flags: string[]): Promise<Crowd> {
    const crowd = new Crowd();
    const stage = await crowd.#stage.open(...flags);
    const first = stage.newcomer(owner);
    crowd.#people.set(owner, first);
    assert.equal((await stage.register(first, '--invite', stage.ownerInvite)).status, 0);
    await Promise.all(others.map(async (name) => void crowd.#people.set(name, await stage.registered(name))));
    return crowd;
  }

  run = (name: string, words: readonly string[]): Promise<Ended> => this.#person(name).run(words);

  /** A `listen` that is ready. */
  listen = (name: string): Promise<Running> => this.#person(name).listen();

  does = async (name: string, ...words: string[]): Promise<void> => {
    const { status, stdout, stderr } = await this.run(name, words);
    assert.equal(status, 0, `${name}: ${words.join(' ')}\n${stdout}${stderr}`);
  };

  fails = async (status: number, code: string, name: string, ...words: string[]): Promise<void> => {
    const ended = await this.run(name, words);
    assert.deepEqual([ended.status, errorCode(ended)], [status, code], `${name}: ${words.join(' ')}`);
  };

  close(): Promise<void> {
    return this.#stage.close();
  }

  #person(name: string): Person {
    return this.#people.get(name)!;
  }
}
