import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../../src/base/random.js';
import type { Transfers } from '../../src/transfer/transfer.js';

/** What tests of transfers over real sockets have in common. */

/** Writes files of noise there. */
export const noiseIn =
  (folder: string) =>
  (name: string, bytes: number): string => {
    const path = join(folder, name);
    writeFileSync(path, systemRandom.bytes(bytes));
    return path;
  };

export const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What both sides of a transfer have. */
export const shared = () => ({ id: systemRandom.bytes(16), secret: systemRandom.bytes(32) });

export const addressOf = (transfers: Transfers) => [transfers.endpoints[0]!.address];
