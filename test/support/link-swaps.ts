import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PartialDownload } from '../../src/transfer/files/partial-download.js';
import { seededRandom } from './random.js';

const SWAP = fileURLToPath(new URL('../transfer/children/swap.js', import.meta.url));
/** More than descriptors are kept, so that names are looked up all the time. */
const FILES = 100;
const BYTES = 600;

/** The other process may not get a processor for a while: only so many tries in vain say that it swaps nothing. */
const PATIENCE = 100;

/**
 * Another process swaps the folder for a link while files are written in it, as often as said, and until it was met at least
 * once. @returns how many writes were refused
 */
export async function writeWhileLinksAreSwapped(tries: number): Promise<number> {
  const random = seededRandom('swaps');
  const root = mkdtempSync(join(tmpdir(), 'p2pchat-swaps-'));
  const [target, outside] = [join(root, 'target'), join(root, 'outside')];
  for (const folder of [target, outside]) mkdirSync(folder);
  const files = Array.from({ length: FILES }, (_, i) => ({ path: `d/${i}`, size: BYTES }));
  const manifest = { files, block: 65_536 };
  const partial = await PartialDownload.open({ id: random.bytes(16), manifest, folder: target, durable: false });
  const tree = join(target, readdirSync(target)[0]!, 'tree');
  const swapping = spawn(process.execPath, [SWAP, tree, 'd', outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(swapping.stdout, 'data');
    const content = random.bytes(FILES * BYTES);
    let refused = 0;
    for (let i = 0; i < tries || (refused === 0 && i < tries * PATIENCE); i++) {
      try {
        partial.write(0, content);
      } catch {
        refused++;
      }
    }
    assert.deepEqual(readdirSync(outside), []);
    return refused;
  } finally {
    const ended = once(swapping, 'exit');
    swapping.kill('SIGKILL');
    await ended;
    await partial.close();
    rmSync(root, { recursive: true, force: true });
  }
}
