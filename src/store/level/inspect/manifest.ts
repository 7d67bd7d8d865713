import { fromUtf8 } from '../../../base/bytes.js';
import { damaged } from '../../failures.js';
import { parseLogFile } from './logfile.js';
import { Reader } from './reader.js';

/** What a manifest says of the database (LevelDB's db/version_edit.cc). */
export interface Manifest {
  /** Write-ahead logs with smaller numbers are in tables already. */
  readonly logNumber: number;
  readonly lastSequence: number;
  /** By number, those in use. */
  readonly tables: ReadonlyMap<number, TableRange>;
  readonly torn: boolean;
}

export interface TableRange {
  readonly size: number;
  /** The first and the last key in it. */
  readonly smallest: string;
  readonly largest: string;
}

const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  prevLogNumber: 9,
} as const;

interface State {
  logNumber: number | undefined;
  lastSequence: number | undefined;
  tables: Map<number, TableRange>;
}

export function parseManifest(bytes: Uint8Array, what: string): Manifest {
  const { records, torn } = parseLogFile(bytes, what);
  const state: State = { logNumber: undefined, lastSequence: undefined, tables: new Map() };
  for (const record of records) applyEdit(record, state, what);
  const { logNumber, lastSequence, tables } = state;
  if (logNumber === undefined || lastSequence === undefined) throw damaged(`${what} is incomplete`);
  return { logNumber, lastSequence, tables, torn };
}

/** Within one edit the deletions come first: a table that only moves to another level is deleted and added. */
function applyEdit(record: Uint8Array, state: State, what: string): void {
  const reader = new Reader(record, what);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === TAG.comparator) reader.slice();
    else if (tag === TAG.logNumber) state.logNumber = reader.varint();
    else if (tag === TAG.lastSequence) state.lastSequence = reader.varint();
    else if (tag === TAG.nextFile || tag === TAG.prevLogNumber) reader.varint();
    else if (tag === TAG.compactPointer) skipPointer(reader);
    else if (tag === TAG.deletedFile) deleteTable(reader, state);
    else if (tag === TAG.newFile) addTable(reader, state);
    else throw damaged(`${what} holds an unknown entry (${tag})`);
  }
}

function skipPointer(reader: Reader): void {
  reader.varint();
  reader.slice();
}

function deleteTable(reader: Reader, state: State): void {
  reader.varint();
  state.tables.delete(reader.varint());
}

function addTable(reader: Reader, state: State): void {
  reader.varint();
  const number = reader.varint();
  const size = reader.varint();
  state.tables.set(number, { size, smallest: userKey(reader.slice()), largest: userKey(reader.slice()) });
}

/** Before eight bytes with the sequence number and the kind. */
const userKey = (internal: Uint8Array): string => fromUtf8(internal.subarray(0, Math.max(0, internal.length - 8)));
