import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBase64url } from '../../src/base/bytes.js';
import { SigningKey } from '../../src/crypto/keys.js';
import type { MadeDevice } from './directory-process.js';

/** A directory in a process of its own, as directory-process.ts runs it. */

export interface Used {
  readonly cpuSeconds: number;
  readonly rss: number;
  readonly devices: number;
}

export class RemoteDirectory {
  readonly link: string;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, link: string) {
    this.#child = child;
    this.link = link;
  }

  async ask<T>(ask: 'make' | 'used' | 'end', argument = 0): Promise<T> {
    this.#child.send({ ask, argument });
    const [{ answer }] = (await once(this.#child, 'message')) as [{ answer: T }];
    return answer;
  }
}

/** Each piece of work meets the directory freshly started, on the data which those before left. */
export async function withDirectory(...works: ((directory: RemoteDirectory) => Promise<void>)[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  try {
    for (const work of works) await onFolder(folder, work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onFolder(folder: string, work: (directory: RemoteDirectory) => Promise<void>): Promise<void> {
  const child = fork(fileURLToPath(new URL('./directory-process.js', import.meta.url)), [folder]);
  const [{ answer }] = (await once(child, 'message')) as [{ answer: string }];
  const directory = new RemoteDirectory(child, answer);
  try {
    await work(directory);
  } finally {
    const ended = once(child, 'exit');
    await directory.ask('end');
    await ended;
  }
}

export const tlsOf = ({ seed, certificate }: MadeDevice) => ({
  tls: { key: SigningKey.fromSeed(fromBase64url(seed)), chain: [fromBase64url(certificate)] },
});
