import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';

/** Found out before anybody is told that files are welcome. @throws Failure storage `folder-unusable` */
export async function assertTakes(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const probe = await mkdtemp(join(folder, '.p2pchat-'));
    await rmdir(probe);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Failure('folder-unusable', `--to: no files can be put into ${folder} (${code}).`, { cause: error });
  }
}
