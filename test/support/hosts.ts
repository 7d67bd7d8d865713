import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, Network } from '../../bench/support/network.js';
import { systemRandom } from '../../src/base/random.js';
import type { Ended, Running, Said } from './processes.js';
import { type Person, Stage } from './stage.js';
import { sha256 } from './transfers.js';

/** A directory and two people, each on a host of its own. */

interface Scene {
  readonly stage: Stage;
  readonly anna: Person;
  readonly bert: Person;
  /** Bert's `listen`, and where what it takes goes. */
  readonly receiving: Running;
  readonly folder: string;
  file(name: string, bytes: number): string;
}

/** @param directory more words of its command line */
export async function onHosts(
  network: Network,
  at: Host,
  play: (scene: Scene) => Promise<void>,
  ...directory: readonly string[]
): Promise<void> {
  const stage = new Stage();
  stage.host = at.address;
  stage.within = network.within(at);
  try {
    await stage.open(...directory);
    const [anna, bert] = await Promise.all([
      stage.registeredOn('anna', network.within(network.a)),
      stage.registeredOn('bert', network.within(network.b)),
    ]);
    const folder = join(stage.workshop.folder, 'in');
    const receiving = await bert.listen('--accept', 'all', '--to', folder);
    const file = (name: string, bytes: number): string => {
      const path = join(stage.workshop.folder, name);
      writeFileSync(path, systemRandom.bytes(bytes));
      return path;
    };
    await play({ stage, anna, bert, receiving, folder, file });
  } finally {
    await stage.close();
    network.close();
  }
}

export const transfer =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.state === state;

/** It ended well, and what arrived is what was sent. */
export function arrived({ status, events }: Ended, path: string, folder: string): void {
  assert.deepEqual([status, events.at(-1)?.state], [0, 'done']);
  assert.equal(sha256(join(folder, path.split('/').at(-1)!)), sha256(path));
}
