import assert from 'node:assert/strict';
import { fromUtf8 } from '../../src/base/bytes.js';
import { type Code, hasCode } from '../../src/base/errors.js';

/** For assert.rejects: a Failure of that code with those details, among others. */
export const code =
  (expected: Code, details: Readonly<Record<string, unknown>> = {}) =>
  (error: unknown): boolean => {
    assert.ok(hasCode(error, expected), `expected ${expected}, got ${error}`);
    assert.notEqual(error.hint, '', 'every failure names the next step');
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name);
    return true;
  };

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export const text = (bytes: Uint8Array | undefined): string | undefined => bytes && fromUtf8(bytes);
