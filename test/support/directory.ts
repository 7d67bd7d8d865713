import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Directory, type DirectoryOptions, startDirectory } from '../../src/directory/directory.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** A folder that is gone when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-directory-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A directory in memory on a free port, closed when the test ends. */
export async function testDirectory(t: TestContext, options: Partial<DirectoryOptions> = {}): Promise<Directory> {
  const directory = await startDirectory({ listen: LOOPBACK, store: 'memory', ...options });
  t.after(() => directory.close());
  return directory;
}
