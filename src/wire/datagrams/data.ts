import { type ConnectionId, TYPE } from './header.js';

/**
 * A slice of a sealed block.
 *
 *     12              16      20       24      28
 *     packet number   block   offset   check   slice
 *
 * `detail` of the common header is the block's generation: how often it was sealed before in this session, modulo 256.
 * The slice itself is proved with its block. `check` is a keyed hash of the header alone: it keeps a header that was
 * damaged, or made up by one who cannot see the path, from being acknowledged. It is no signature.
 */

export const DATA_HEADER_BYTES = 28;
export const CHECK_KEY_BYTES = 32;

/** Eight words: four masks, four multipliers (made odd). */
export type CheckKey = Int32Array;

export function checkKey(bytes: Uint8Array): CheckKey {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const key = new Int32Array(8);
  for (let i = 0; i < 8; i++) key[i] = i < 4 ? view.getInt32(i * 4) : view.getInt32(i * 4) | 1;
  return key;
}

function headerCheck(key: CheckKey, first: number, packet: number, block: number, offset: number): number {
  let sum = Math.imul(first ^ key[0]!, key[4]!);
  sum = Math.imul(sum ^ (sum >>> 15) ^ packet ^ key[1]!, key[5]!);
  sum = Math.imul(sum ^ (sum >>> 13) ^ block ^ key[2]!, key[6]!);
  sum = Math.imul(sum ^ (sum >>> 16) ^ offset ^ key[3]!, key[7]!);
  return (sum ^ (sum >>> 15)) >>> 0;
}

/** Writes the 28 bytes at `at`; `length` counts the header and the slice after it. */
export function writeDataHeader(
  view: DataView,
  at: number,
  key: CheckKey,
  id: ConnectionId,
  length: number,
  generation: number,
  packet: number,
  block: number,
  offset: number,
): void {
  const first = (TYPE.data << 24) | (generation << 16) | length;
  view.setInt32(at, first);
  view.setUint32(at + 4, id.high);
  view.setUint32(at + 8, id.low);
  view.setUint32(at + 12, packet);
  view.setUint32(at + 16, block);
  view.setUint32(at + 20, offset);
  view.setUint32(at + 24, headerCheck(key, first, packet, block, offset));
}

/** Whether the header at `at` is whole and was made with this key. `length` as datagramLength gave it. */
export function dataHeaderHolds(view: DataView, at: number, length: number, key: CheckKey): boolean {
  if (length <= DATA_HEADER_BYTES) return false;
  const check = headerCheck(
    key,
    view.getInt32(at),
    view.getUint32(at + 12),
    view.getUint32(at + 16),
    view.getUint32(at + 20),
  );
  return check === view.getUint32(at + 24);
}

export const dataGeneration = (view: DataView, at: number): number => view.getUint8(at + 1);
export const dataPacket = (view: DataView, at: number): number => view.getUint32(at + 12);
export const dataBlock = (view: DataView, at: number): number => view.getUint32(at + 16);
export const dataOffset = (view: DataView, at: number): number => view.getUint32(at + 20);
