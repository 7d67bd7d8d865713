import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Time and chance that no test can own. */
const BYPASS =
  /\b(Date\.now|setTimeout|setInterval|setImmediate|performance\.now|Math\.random|randomBytes|randomUUID|getRandomValues|systemClock|systemRandom)\b|new Date\(\)/;

/** Where a program that is given no means takes the system's, and what does not wait: it lets others go first. */
const ALLOWED: Readonly<Record<string, string>> = {
  'peer/backup/write-file.ts': 'a piece is written before the next is made',
  'peer/account/register.ts': 'the means of a program that is given none',
  'directory/directory.ts': 'the means of a program that is given none',
  'directory/accounts/recovery.ts': 'a key that nobody has, made once',
  'directory/console/commands.ts': 'the answer is printed before the end',
  'directory/guests/serve.ts': 'the door opens before the directory is there',
  'directory/log/log.ts': 'the means of a program that is given none',
  'directory/metrics/serve.ts': 'figures of the process, by its own time',
  'directory/moving/move.ts': 'a program of its own, which the operator runs',
  'directory/moving/place.ts': 'the same',
  'directory/server/channel.ts': 'an answer leaves before the next is made',
  'directory/server/fair-queue.ts': 'the default of an argument',
  'directory/server/server.ts': 'answers leave before the end',
};

test('peers and directories take time and chance only from the clock and the random source they are given', () => {
  const files = ['peer', 'directory', 'wire'].flatMap((layer) =>
    readdirSync(`${SRC}${layer}`, { recursive: true, encoding: 'utf8' }).map((file) => `${layer}/${file}`),
  );
  const found = files
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => BYPASS.test(readFileSync(`${SRC}${file}`, 'utf8').replace(/^import .*$/gm, '')));
  assert.deepEqual(found.sort(), Object.keys(ALLOWED).sort());
});
