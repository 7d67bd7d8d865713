import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Directory, type DirectoryOptions, startDirectory } from '../../src/directory/directory.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

type Step = () => unknown;
const steps = new WeakMap<TestContext, Step[]>();

/** Runs `step` when the test ends, the latest first: what was made last is closed before what it stands on. */
export function afterwards(t: TestContext, step: Step): void {
  const known = steps.get(t);
  if (known !== undefined) {
    known.push(step);
    return;
  }
  const list = [step];
  steps.set(t, list);
  t.after(async () => {
    for (let next = list.pop(); next !== undefined; next = list.pop()) await next();
  });
}

/** A folder that is gone when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-directory-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A directory in memory on a free port, closed when the test ends. */
export async function testDirectory(t: TestContext, options: Partial<DirectoryOptions> = {}): Promise<Directory> {
  const directory = await startDirectory({ listen: LOOPBACK, store: 'memory', ...options });
  afterwards(t, () => directory.close());
  return directory;
}
