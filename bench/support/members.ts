import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Heard, Order, Told } from './member.js';

const PASSWORD = 'four unlikely words together 7';

type Done = Extract<Told, { done: string }>;

/** People in processes of their own (member.ts), told what to do from here. */
export class Member {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(told: Told) => void>();

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    child.on('message', (told: Told) => {
      for (const listener of this.#listeners) listener(told);
    });
  }

  static async start(folder: string, name: string, link: string, invite = ''): Promise<Member> {
    await mkdir(folder, { recursive: true });
    const child = fork(new URL('./member.js', import.meta.url), [join(folder, name), name, link, PASSWORD, invite]);
    await once(child, 'message');
    return new Member(name, child);
  }

  do(order: Order): Promise<Done> {
    const done = this.#next((told): told is Done => 'done' in told && told.done === order.what);
    this.#child.send(order);
    return done;
  }

  /** What came since this was last asked, and when. */
  async heard(): Promise<readonly Heard[]> {
    const told = this.#next((one): one is Extract<Told, { heard: readonly Heard[] }> => 'heard' in one);
    await this.do({ what: 'heard' });
    return (await told).heard;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #next<T extends Told>(matches: (told: Told) => told is T): Promise<T> {
    return new Promise((resolve) => {
      const look = (told: Told): void => {
        if (!matches(told)) return;
        this.#listeners.delete(look);
        resolve(told);
      };
      this.#listeners.add(look);
    });
  }
}

export const msBetween = (from: string, to: string): number => Number(BigInt(to) - BigInt(from)) / 1e6;
