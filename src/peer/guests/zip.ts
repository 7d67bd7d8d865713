import { crc32 } from 'node:zlib';

/**
 * A folder as one archive that every system opens by itself: ZIP (APPNOTE 6.3.10) without compression, so that its size is known
 * before anything is read, and ZIP64 where 32 bits don't do. Checksums stand before their files, and not behind them: what
 * unpacks while it reads takes no other form of files that are stored as they are.
 */

export interface ZipEntry {
  /** Relative, '/' between folders. */
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** Its content from the beginning, each time it is called. */
  read(): AsyncIterable<Uint8Array>;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** Names are UTF-8. */
const FLAGS = 0x0800;
const MOST_32 = 0xffffffff;
const VERSION = 20;
const VERSION_64 = 45;
/** Made on Unix: an ordinary file that its owner writes and everybody reads. */
const MADE_BY = 3 << 8;
const MODE = 0o100644 * 0x10000;

/** MS-DOS time: of two seconds, from 1980 to 2107. */
function dosTime(ms: number): { readonly time: number; readonly date: number } {
  const at = new Date(ms);
  const year = Math.min(2107, Math.max(1980, at.getFullYear()));
  return {
    time: (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1),
    date: ((year - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(),
  };
}

/** Those numbers that 32 bits don't hold. */
function extra64(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  for (const [index, number] of numbers.entries()) extra.writeBigUInt64LE(BigInt(number), 4 + 8 * index);
  return extra;
}

const isLarge = (number: number): boolean => number >= MOST_32;

/** What stands in front of a file and in the list alike. */
function facts({ name, size, mtimeMs }: ZipEntry, crc: number, version: number, extra: number): Buffer {
  const { time, date } = dosTime(mtimeMs);
  const said = Buffer.alloc(26);
  said.writeUInt16LE(version, 0);
  said.writeUInt16LE(FLAGS, 2);
  said.writeUInt16LE(time, 6);
  said.writeUInt16LE(date, 8);
  said.writeUInt32LE(crc, 10);
  said.writeUInt32LE(Math.min(size, MOST_32), 14);
  said.writeUInt32LE(Math.min(size, MOST_32), 18);
  said.writeUInt16LE(Buffer.byteLength(name), 22);
  said.writeUInt16LE(extra, 24);
  return said;
}

const versionFor = (extra: Buffer): number => (extra.length > 0 ? VERSION_64 : VERSION);

function localHeader(entry: ZipEntry, crc: number): Buffer {
  const { name, size } = entry;
  const extra = extra64(isLarge(size) ? [size, size] : []);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(LOCAL);
  return Buffer.concat([head, facts(entry, crc, versionFor(extra), extra.length), Buffer.from(name), extra]);
}

function centralHeader(entry: ZipEntry, crc: number, offset: number): Buffer {
  const { name, size } = entry;
  const extra = extra64([...(isLarge(size) ? [size, size] : []), ...(isLarge(offset) ? [offset] : [])]);
  const version = versionFor(extra);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(CENTRAL, 0);
  head.writeUInt16LE(MADE_BY | version, 4);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(MODE, 6);
  rest.writeUInt32LE(Math.min(offset, MOST_32), 10);
  return Buffer.concat([head, facts(entry, crc, version, extra.length), rest, Buffer.from(name), extra]);
}

/** @param at where the list of files stands, and how long it is */
function ending(entries: number, at: number, length: number): Buffer {
  const parts: Buffer[] = [];
  if (isLarge(at) || isLarge(length) || entries >= 0xffff) {
    const end = Buffer.alloc(56);
    end.writeUInt32LE(END_64, 0);
    end.writeBigUInt64LE(44n, 4);
    end.writeUInt16LE(MADE_BY | VERSION_64, 12);
    end.writeUInt16LE(VERSION_64, 14);
    for (const place of [24, 32]) end.writeBigUInt64LE(BigInt(entries), place);
    end.writeBigUInt64LE(BigInt(length), 40);
    end.writeBigUInt64LE(BigInt(at), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(LOCATOR_64, 0);
    locator.writeBigUInt64LE(BigInt(at + length), 8);
    locator.writeUInt32LE(1, 16);
    parts.push(end, locator);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  for (const place of [8, 10]) end.writeUInt16LE(Math.min(entries, 0xffff), place);
  end.writeUInt32LE(Math.min(length, MOST_32), 12);
  end.writeUInt32LE(Math.min(at, MOST_32), 16);
  return Buffer.concat([...parts, end]);
}

/** Of the whole archive, in bytes. */
export function zipSize(entries: readonly ZipEntry[]): number {
  let at = 0;
  let list = 0;
  for (const entry of entries) {
    list += centralHeader(entry, 0, at).length;
    at += localHeader(entry, 0).length + entry.size;
  }
  return at + list + ending(entries.length, at, list).length;
}

/** The archive, piece by piece. Each file is read twice: for its checksum, and for its content. */
export async function* zipPieces(entries: readonly ZipEntry[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  const list: Buffer[] = [];
  for (const entry of entries) {
    let crc = 0;
    for await (const piece of entry.read()) crc = crc32(piece, crc);
    const head = localHeader(entry, crc);
    yield head;
    list.push(centralHeader(entry, crc, at));
    for await (const piece of entry.read()) yield piece;
    at += head.length + entry.size;
  }
  const central = Buffer.concat(list);
  yield central;
  yield ending(entries.length, at, central.length);
}
