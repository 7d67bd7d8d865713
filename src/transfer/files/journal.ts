import { readFileSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { crc32 } from 'node:zlib';
import { sameBytes, utf8 } from '../../base/bytes.js';
import { viewOf } from '../../wire/datagrams/header.js';
import { RangeSet } from '../protocol/range-set.js';

/**
 * Which blocks of a transfer are on disk. Appended to, never rewritten; a record that was cut short by a crash, and all after
 * it, does not count.
 *
 *     record: kind 1 | length 2 | body | CRC-32 of what stands before 4
 *     head    version 1 | SHA-256 of the manifest 32 | id of this boot of the machine
 *     block   number 4           written, and safe from the end of this process
 *     synced  count 4            the first so many blocks are safe from the end of the machine too
 *     placed  entry, 0, name     an entry of the tree has got its final name
 *
 * So after a crash of the program nothing is sent again, and after one of the machine what came since the last 'synced'.
 */

const KIND = { head: 1, block: 2, synced: 3, placed: 4 } as const;
const VERSION = 1;
const HEAD_BYTES = 3;
const CRC_BYTES = 4;

function encodeRecord(kind: number, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEAD_BYTES + body.length + CRC_BYTES);
  const view = viewOf(record);
  record[0] = kind;
  view.setUint16(1, body.length);
  record.set(body, HEAD_BYTES);
  view.setUint32(HEAD_BYTES + body.length, crc32(record.subarray(0, HEAD_BYTES + body.length)));
  return record;
}

export interface JournalState {
  readonly have: RangeSet;
  /** Entries that have their final name: the name in the tree, and the final one. */
  readonly placed: Map<string, string>;
}

/** @returns null where the journal is of another manifest, or none */
export function readJournal(bytes: Uint8Array, manifest: Uint8Array, boot: string): JournalState | null {
  const placed = new Map<string, string>();
  const blocks: number[] = [];
  let synced = 0;
  let writtenIn: string | undefined;
  for (const { kind, body } of records(bytes)) {
    switch (kind) {
      case KIND.head: {
        if (body[0] !== VERSION || !sameBytes(body.subarray(1, 33), manifest)) return null;
        const id = Buffer.from(body.subarray(33)).toString();
        if (writtenIn !== undefined && writtenIn !== id) blocks.length = synced;
        writtenIn = id;
        break;
      }
      case KIND.block:
        blocks.push(viewOf(body).getUint32(0));
        break;
      case KIND.synced:
        synced = Math.min(viewOf(body).getUint32(0), blocks.length);
        break;
      case KIND.placed: {
        const [entry = '', name = ''] = Buffer.from(body).toString().split('\0');
        placed.set(entry, name);
        break;
      }
      default:
    }
  }
  if (writtenIn === undefined) return null;
  if (writtenIn !== boot) blocks.length = synced;
  const have = new RangeSet();
  for (const block of blocks.sort((a, b) => a - b)) have.add(block, block + 1);
  return { have, placed };
}

function* records(bytes: Uint8Array): Generator<{ kind: number; body: Uint8Array }> {
  const view = viewOf(bytes);
  for (let at = 0; bytes.length - at >= HEAD_BYTES + CRC_BYTES; ) {
    const end = at + HEAD_BYTES + view.getUint16(at + 1);
    if (end + CRC_BYTES > bytes.length || view.getUint32(end) !== crc32(bytes.subarray(at, end))) return;
    yield { kind: bytes[at]!, body: bytes.subarray(at + HEAD_BYTES, end) };
    at = end + CRC_BYTES;
  }
}

/** The same until the machine starts anew. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Elsewhere: when it started, to the minute or so that clocks are set by.
    return `started ${Math.round((Date.now() / 1_000 - uptime()) / 100)}`;
  }
}

export class JournalWriter {
  readonly #fd: number;
  #blocks: number;

  /**
   * @param fd opened for appending
   * @param blocks in the journal already
   */
  constructor(fd: number, manifest: Uint8Array, boot: string, blocks: number) {
    this.#fd = fd;
    this.#blocks = blocks;
    const id = utf8(boot);
    const body = new Uint8Array(33 + id.length);
    body[0] = VERSION;
    body.set(manifest, 1);
    body.set(id, 33);
    this.#append(encodeRecord(KIND.head, body));
  }

  block(block: number): void {
    this.#append(encodeRecord(KIND.block, uint32(block)));
    this.#blocks++;
  }

  /** Blocks in the journal, this session's and earlier ones'. */
  get blocks(): number {
    return this.#blocks;
  }

  /** @param blocks what `blocks` was before the disk was told to write */
  synced(blocks: number): void {
    this.#append(encodeRecord(KIND.synced, uint32(blocks)));
  }

  placed(entry: string, name: string): void {
    this.#append(encodeRecord(KIND.placed, utf8(`${entry}\0${name}`)));
  }

  #append(record: Uint8Array): void {
    writeSync(this.#fd, record);
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}
