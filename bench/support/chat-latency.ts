import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { registerAccount } from '../../src/peer/account/register.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { loginPeer } from '../../src/peer/session/open.js';
import type { Told } from './actor.js';

export const PASSWORD = 'four unlikely words together 7';

/** Two people and a directory, on loopback, in three processes; says how long messages take from `send` to the other's event. */
export class ChatPair {
  readonly #children: readonly ChildProcess[];
  readonly #ada: PeerApi;
  #sent = 0;

  static async open(folder: string): Promise<ChatPair> {
    const directory = await act('directory', join(folder, 'directory'));
    const listener = await act('listener', join(folder, 'bob'), 'bob', directory.ready, PASSWORD);
    const home = join(folder, 'ada');
    await registerAccount({ home, user: 'ada', directory: directory.ready, password: PASSWORD });
    const ada = await loginPeer({ home, user: 'ada', password: PASSWORD, listen: '127.0.0.1:0' });
    return new ChatPair([listener.child, directory.child], ada);
  }

  private constructor(children: readonly ChildProcess[], ada: PeerApi) {
    this.#children = children;
    this.#ada = ada;
  }

  /** Milliseconds of one message. */
  async message(): Promise<number> {
    const text = `message ${this.#sent++}`;
    const arrived = arrival(this.#children[0]!, text);
    const started = process.hrtime.bigint();
    await this.#ada.send('bob', text);
    return Number((await arrived) - started) / 1e6;
  }

  async close(): Promise<void> {
    await this.#ada.close();
    await ended(this.#children);
  }
}

/** Processes of `act` end. */
export async function ended(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    child.disconnect();
    await once(child, 'exit');
  }
}

export async function act(...args: string[]): Promise<{ child: ChildProcess; ready: string }> {
  const child = fork(new URL('./actor.js', import.meta.url), args);
  const [told] = (await once(child, 'message')) as [Told];
  if (!('ready' in told)) throw new Error(`the ${args[0]} did not get ready`);
  return { child, ready: told.ready };
}

/** When the listener got the text, in process.hrtime's nanoseconds. */
export function arrival(listener: ChildProcess, text: string): Promise<bigint> {
  return new Promise((resolve) => {
    const look = (told: Told): void => {
      if (!('text' in told) || told.text !== text) return;
      listener.off('message', look);
      resolve(BigInt(told.at));
    };
    listener.on('message', look);
  });
}
