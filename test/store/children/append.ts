/**
 * Appends without end, several writers at once, and prints each entry after it was acknowledged: log, position, value.
 * `append FOLDER NAME`: NAME makes the values unlike those of other runs.
 */
import { writeSync } from 'node:fs';
import { utf8 } from '../../../src/base/bytes.js';
import { openLevelStore } from '../../../src/store/level/open.js';

const [folder, name] = process.argv.slice(2) as [string, string];
const WRITERS = 6;
const store = await openLevelStore({ folder });
writeSync(1, 'ready\n');

async function write(writer: number): Promise<never> {
  const log = `log/${writer % 4}`;
  for (let count = 0; ; count++) {
    const value = `${name}-${writer}-${count}-${'x'.repeat((count * 37) % 900)}`;
    const [position] = await store.write([
      { kind: 'append', space: 'test', log, value: utf8(value) },
      { kind: 'put', space: 'test', key: `last/${writer}`, value: utf8(value) },
    ]);
    writeSync(1, `${log} ${position} ${value}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))).catch((error: unknown) => {
  writeSync(1, `failed ${error instanceof Error && 'code' in error ? error.code : error}\n`);
});
await store.close();
