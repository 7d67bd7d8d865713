// What each part of a folder weighs, for people.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** By the beginning of a path; the first that fits. */
const PARTS = [
  ['Node', /^lib\/p2pchat\/runtime\//],
  ['licences', /LICEN[CS]E|THIRD-PARTY/],
  ['types of the library', /dist\/types\//],
  ['LevelDB, native', /dist\/native\//],
  ['datagrams in batches, native (koffi)', /@koromix|koffi\.cjs/],
  ['login (OPAQUE, a thread of its own)', /opaque-worker/],
  ['transfers (a thread of their own)', /transfer-thread/],
  ['relay (a thread of its own)', /relay-thread/],
  ['program', /dist\/(program|bin|examples)\//],
  ['documents, manual page, completion', /\.md$|\.1(\.gz)?$|share\/|docs\//],
  ['the rest', /./],
];

const MB = (bytes) => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;

/** @param files paths below a folder @returns lines of a table, the largest first */
export function sizes(folder, files) {
  const weights = new Map();
  for (const file of files) {
    const [part] = PARTS.find(([, pattern]) => pattern.test(file));
    weights.set(part, (weights.get(part) ?? 0) + lstatSync(join(folder, file)).size);
  }
  const all = [...weights.values()].reduce((sum, bytes) => sum + bytes, 0);
  const rows = [...weights].sort(([, a], [, b]) => b - a);
  return [...rows, ['together', all]].map(([part, bytes]) => `${MB(bytes)}  ${part}`);
}

export const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => !lstatSync(join(folder, name)).isDirectory());
