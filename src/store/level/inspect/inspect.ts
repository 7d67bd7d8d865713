import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asBuffer } from '../../../base/bytes.js';
import { damaged } from '../../failures.js';
import { parseLogFile } from './logfile.js';
import { type Manifest, parseManifest, type TableRange } from './manifest.js';
import { verifyTable } from './table.js';

export interface Inspection {
  /** Sequence number of the last write that is there, LevelDB's own count: one per key written. 0 if none was. */
  readonly lastSequence: number;
  /** A write was broken off and will be dropped. */
  readonly torn: boolean;
  /** Bytes of the tables and logs in use. */
  readonly bytes: number;
  /** Bytes of the logs alone: opening writes as much into tables. */
  readonly logBytes: number;
}

/** A table in use, which is there with its size. */
export interface Table extends TableRange {
  readonly name: string;
}

/** What was found without the tables being read. */
export interface Outline extends Inspection {
  readonly tables: readonly Table[];
}

/**
 * Reads the files of a LevelDB that nobody has open, and compares every checksum. LevelDB itself would start with what
 * it can read, and delete the rest. Throws `store-damaged`.
 * @param acknowledged the sequence number that must be there at least
 * @returns undefined where no database was begun yet
 */
export async function inspectLevel(folder: string, acknowledged: number): Promise<Inspection | undefined> {
  const outline = await outlineLevel(folder, acknowledged);
  if (outline === undefined) return undefined;
  const { tables, ...inspection } = outline;
  await verifyTables(folder, tables);
  return inspection;
}

/** The same, with the tables left to be read: `verifyTables`. */
export async function outlineLevel(folder: string, acknowledged: number): Promise<Outline | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes('CURRENT')) {
    if (acknowledged > 0) throw damaged('the file CURRENT is missing');
    return undefined;
  }
  const manifest = await readManifest(folder, names);
  const tables = await findTables(folder, names, manifest);
  const logs = await readLogs(folder, names, manifest);
  const lastSequence = Math.max(manifest.lastSequence, logs.lastSequence);
  if (lastSequence < acknowledged) {
    throw damaged(`the last ${acknowledged - lastSequence} of ${acknowledged} writes are missing`);
  }
  const bytes = tables.reduce((sum, { size }) => sum + size, logs.bytes);
  return { lastSequence, torn: logs.torn || manifest.torn, bytes, logBytes: logs.bytes, tables };
}

async function readManifest(folder: string, names: readonly string[]): Promise<Manifest> {
  const current = await readFile(join(folder, 'CURRENT'), 'latin1');
  const name = current.slice(0, -1);
  if (!/^MANIFEST-\d+\n$/.test(current) || !names.includes(name)) throw damaged('the file CURRENT names no manifest');
  return parseManifest(await readFile(join(folder, name)), name);
}

async function findTables(folder: string, names: readonly string[], { tables }: Manifest): Promise<Table[]> {
  const there = new Set(names);
  const found: Table[] = [];
  for (const [number, range] of tables) {
    const name = ['ldb', 'sst'].map((end) => fileName(number, end)).find((candidate) => there.has(candidate));
    if (name === undefined) throw damaged(`the table ${fileName(number, 'ldb')} is missing`);
    const { size } = await stat(join(folder, name));
    if (size !== range.size) throw damaged(`${name} has ${size} bytes instead of ${range.size}`);
    found.push({ name, ...range });
  }
  return found;
}

export async function verifyTables(folder: string, tables: readonly Table[]): Promise<void> {
  for (const { name } of tables) verifyTable(await readFile(join(folder, name)), name);
}

interface Logs {
  readonly lastSequence: number;
  readonly torn: boolean;
  readonly bytes: number;
}

/** The write-ahead logs in use follow each other without a gap, and go on where the tables end. */
async function readLogs(folder: string, names: readonly string[], manifest: Manifest): Promise<Logs> {
  const { logNumber, lastSequence } = manifest;
  const numbers = names
    .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((number) => number >= logNumber)
    .sort((a, b) => a - b);
  if (logNumber > 0 && numbers[0] !== logNumber) throw damaged(`the log ${fileName(logNumber, 'log')} is missing`);
  let next = 0;
  let torn = false;
  let bytes = 0;
  for (const number of numbers) {
    const name = fileName(number, 'log');
    const content = await readFile(join(folder, name));
    const file = parseLogFile(content, name);
    for (const record of file.records) {
      const { sequence, count } = parseBatch(record, name);
      const follows = next === 0 ? sequence <= lastSequence + 1 : sequence === next;
      if (!follows) throw damaged(`writes before ${sequence} are missing in ${name}`);
      next = sequence + count;
    }
    torn ||= file.torn;
    bytes += content.length;
  }
  return { lastSequence: next - 1, torn, bytes };
}

/** A batch begins with the sequence number of its first write (8 bytes, little-endian) and their count (4). */
function parseBatch(record: Uint8Array, name: string): { readonly sequence: number; readonly count: number } {
  if (record.length < 12) throw damaged(`a record of ${name} is too short`);
  const head = asBuffer(record);
  return { sequence: Number(head.readBigUInt64LE(0)), count: head.readUInt32LE(8) };
}

const fileName = (number: number, end: string): string => `${String(number).padStart(6, '0')}.${end}`;
