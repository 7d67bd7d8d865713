import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

const textsIn = (folder: string): string[] =>
  readdirSync(`${SRC}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${SRC}${folder}/${name}`, 'utf8'));

const found = (texts: readonly string[], pattern: RegExp): string[] =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name!)).sort();

test('each interface for faces has one class that implements it, and is made in no other way', () => {
  const interfaces = found(textsIn('peer/api'), /^export interface (\w+Api)\b/gm);
  assert.ok(interfaces.length > 5, 'the pattern finds them');
  assert.deepEqual(found(textsIn('peer'), /^export class \w+ implements (\w+Api)\b/gm), interfaces);
});
