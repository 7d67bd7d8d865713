import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import { startDirectory } from '../../src/directory/directory.js';
import { temporaryFolder } from '../support/directory.js';

const LISTEN = { host: '127.0.0.1', port: 0 };

/** What may be wrong with a folder, and the error of its own that each has. */
const DAMAGES: readonly (readonly [what: string, damage: (folder: string) => Promise<unknown>, code: string])[] = [
  ['the store is gone', (folder) => rm(join(folder, 'store'), { recursive: true }), 'store-missing'],
  ['the authority is gone', (folder) => rm(join(folder, 'authority.json')), 'authority-missing'],
  ['the authority is empty', (folder) => writeFile(join(folder, 'authority.json'), ''), 'authority-damaged'],
  ['the authority is no object', (folder) => writeFile(join(folder, 'authority.json'), 'null'), 'authority-damaged'],
  ...(['seed', 'certificate', 'loginSetup'] as const).flatMap((part) => [
    [
      `its ${part} is cut`,
      (folder: string) => alter(folder, part, (text) => text.slice(0, 12)),
      'authority-damaged',
    ] as const,
    [`its ${part} is gone`, (folder: string) => alter(folder, part, () => undefined), 'authority-damaged'] as const,
  ]),
  [
    'its seed is another',
    (folder) => alter(folder, 'seed', (text) => `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`),
    'authority-damaged',
  ],
];

async function alter(folder: string, part: string, change: (text: string) => string | undefined): Promise<void> {
  const path = join(folder, 'authority.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  await writeFile(path, JSON.stringify({ ...file, [part]: change(file[part]!) }));
}

for (const [what, damage, code] of DAMAGES) {
  test(`N22 a directory of which ${what} is refused, and nothing is begun anew`, async (t) => {
    const data = await temporaryFolder(t);
    const directory = await startDirectory({ data, listen: LISTEN });
    await directory.close();
    const folder = join(data, 'databases', 'main');
    await damage(folder);
    for (let again = 0; again < 2; again++) {
      await assert.rejects(startDirectory({ data, listen: LISTEN }), (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, code);
        assert.doesNotMatch(`${error.message} ${error.hint}`, /openssl|asn1|undefined|ERR_/i);
        return true;
      });
    }
  });
}
