import { asBuffer } from '../../../base/bytes.js';
import { damaged } from '../../failures.js';
import { crc32c, masked } from './crc32c.js';
import { Reader } from './reader.js';

/** LevelDB's table format (doc/table_format.md): blocks, each followed by type (1 byte) and masked CRC-32C (4). */
const TRAILER = 5;
const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * Compares the checksums of all blocks of a table: LevelDB compares none when it reads, and a compaction would give
 * damaged keys a fresh one. Throws `store-damaged`.
 */
export function verifyTable(bytes: Uint8Array, what: string): void {
  const footer = bytes.subarray(Math.max(0, bytes.length - FOOTER));
  if (footer.length < FOOTER || asBuffer(footer).readBigUInt64LE(FOOTER - 8) !== MAGIC) {
    throw damaged(`${what} has no footer`);
  }
  const reader = new Reader(footer, what);
  const metaindex = readHandle(reader);
  const index = readHandle(reader);
  const handles = [
    ...entriesOf(blockAt(bytes, index, what), what),
    ...entriesOf(blockAt(bytes, metaindex, what), what),
  ];
  for (const handle of handles) blockAt(bytes, handle, what);
}

const readHandle = (reader: Reader): Handle => ({ offset: reader.varint(), size: reader.varint() });

function blockAt(bytes: Uint8Array, { offset, size }: Handle, what: string): Uint8Array {
  const end = offset + size;
  if (end + TRAILER > bytes.length) throw damaged(`a block of ${what} lies outside it`);
  const stored = asBuffer(bytes).readUInt32LE(end + 1);
  if (masked(crc32c(bytes, offset, end + 1)) !== stored) {
    throw damaged(`the block at ${offset} of ${what} does not match its checksum`);
  }
  if (bytes[end] !== 0) throw damaged(`the block at ${offset} of ${what} is of an unknown kind`);
  return bytes.subarray(offset, end);
}

/** The handles in an index: entries of shared and own length of the key, length of the value, key, value. */
function entriesOf(block: Uint8Array, what: string): Handle[] {
  const restarts = asBuffer(block).readUInt32LE(block.length - 4);
  const reader = new Reader(block.subarray(0, Math.max(0, block.length - 4 * (restarts + 1))), what);
  const handles: Handle[] = [];
  while (!reader.done) {
    reader.varint();
    const own = reader.varint();
    const length = reader.varint();
    reader.bytes(own);
    handles.push(readHandle(new Reader(reader.bytes(length), what)));
  }
  return handles;
}
