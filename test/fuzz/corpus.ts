import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Inputs of earlier runs that reached something, a line of base64 each; so few that they can lie in the repository. */

const LINES = 150;
const BYTES = 400;

const fileOf = (name: string): string => fileURLToPath(new URL(`../../../test/corpus/${name}.txt`, import.meta.url));

export function readCorpus(name: string): Uint8Array[] {
  if (!existsSync(fileOf(name))) return [];
  const lines = readFileSync(fileOf(name), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

export function writeCorpus(name: string, inputs: readonly Uint8Array[]): void {
  const short = inputs.filter(({ length }) => length > 0 && length <= BYTES).slice(0, LINES);
  writeFileSync(fileOf(name), short.map((input) => `${Buffer.from(input).toString('base64')}\n`).join(''));
}
