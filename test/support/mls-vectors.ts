import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Decoder } from 'ts-mls/codec/tlsDecoder.js';
import { concat, fromHex, hex } from '../../src/base/bytes.js';

/** Official vectors of MLS: see test/vectors/mls/README.md. */

/** The test says what it expects of the file. */
export const vectors = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`../../../test/vectors/mls/${name}.json`, import.meta.url), 'utf8')) as T[];

export type Hex<K extends string> = Record<K, string>;

export const bytes = (text: string): Uint8Array => fromHex(text);

export const equal = (actual: Uint8Array, expected: string): void => assert.equal(hex(actual), expected.toLowerCase());

export function whole<T>(decode: Decoder<T>, text: string): T {
  const encoded = bytes(text);
  const [value, used] = decode(encoded, 0)!;
  assert.equal(used, encoded.length);
  return value;
}

export const ed25519 = (seed: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.from(concat(bytes('302e020100300506032b657004220420'), seed)),
    format: 'der',
    type: 'pkcs8',
  });
