import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBelow } from '../../src/base/random.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { seededRandom } from '../support/random.js';
import { Acknowledged } from './acknowledged.js';
import { startChild } from './child.js';
import { temporaryFolder } from './folder.js';

const IMAGE_BYTES = 96 * 1024 * 1024;

/** Whether this machine lets us mount an image; otherwise why not. */
export function cannotMount(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root can mount an image (Linux)';
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices here';
  return spawnSync('mkfs.ext4', ['-V']).status === 0 ? undefined : 'mkfs.ext4 is not installed';
}

/**
 * S2: a process appends on a file system in an image. The image is copied while the process stands still: that is what a
 * disk holds after a power cut, without anything that was only in the page cache. Everything acknowledged must be there.
 * @returns how many entries were acknowledged
 */
export async function cutPower(seed: number, mostEntries: number): Promise<number> {
  const folder = temporaryFolder();
  const path = await folder.path;
  const [image, copy, disk] = ['image', 'copy', 'disk'].map((name) => join(path, name)) as [string, string, string];
  const random = seededRandom(seed);
  const acknowledged = new Acknowledged();
  try {
    await writeFile(image, '');
    await truncate(image, IMAGE_BYTES);
    await mkdir(disk);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    await whileMounted(image, disk, async () => {
      const child = startChild('append', [join(disk, 'store'), `cut${seed}`]);
      try {
        await child.printed(100 + randomBelow(random, mostEntries));
        await writeFile(join(disk, 'marker'), 'only in the page cache');
        child.process.kill('SIGSTOP');
        await standsStill(child.process.pid!);
        await copyFile(image, copy);
      } finally {
        child.process.kill('SIGKILL');
        await child.ended;
      }
      acknowledged.add(child.lines);
    });
    await whileMounted(copy, disk, async () => {
      const marker = await readFile(join(disk, 'marker')).catch(() => Buffer.alloc(0));
      assert.equal(marker.toString(), '', 'what was not made durable is gone');
      const store = await openLevelStore({ folder: join(disk, 'store') });
      await acknowledged.assertIn(store);
      assert.deepEqual((await store.check()).problems, []);
      await store.close();
    });
    return acknowledged.size;
  } finally {
    await folder.remove();
  }
}

/** Commits of the file system's journal by time are put off, so that only what is asked for becomes durable. */
async function whileMounted(image: string, disk: string, work: () => Promise<void>): Promise<void> {
  execFileSync('mount', ['-o', 'loop,commit=300', image, disk]);
  try {
    await work();
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
}

/** Resolves when every thread has stopped: one in the middle of an fdatasync ends that first. */
async function standsStill(pid: number): Promise<void> {
  const tasks = `/proc/${pid}/task`;
  for (;;) {
    const states = await Promise.all(
      (await readdir(tasks)).map(
        async (task) => /\) (\w)/.exec(await readFile(join(tasks, task, 'stat'), 'utf8'))?.[1],
      ),
    );
    if (states.every((state) => state === 'T')) return;
    await stat(tasks);
  }
}
