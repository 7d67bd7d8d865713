import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of a test's own. */
export function temporaryFolder(): { readonly path: Promise<string>; remove(): Promise<void> } {
  const path = mkdtemp(join(tmpdir(), 'p2pchat-store-'));
  return { path, remove: async () => rm(await path, { recursive: true, force: true }) };
}
