import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../../src', import.meta.url));
const UNPACKERS = /from '(?:node:)?zlib'|DecompressionStream|\b(?:gunzip|inflate|brotliDecompress|unzip)\w*\(/;

/** Checksums, and what packs what is our own. */
const PACKS = ["import { crc32 } from 'node:zlib';", "import { crc32, deflateSync } from 'node:zlib';"];

test('P6 nothing that comes from others is unpacked: of zlib the program takes checksums, and packs', () => {
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      readFileSync(join(src, name), 'utf8')
        .split('\n')
        .filter((line) => UNPACKERS.test(line) && !PACKS.includes(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  assert.deepEqual(found, []);
});
