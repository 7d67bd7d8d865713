import type { LeftOut, Source } from '../../transfer/transfer.js';
import { SHAPE_FOLDERS, SHAPE_LEFT_OUT } from '../../wire/limits.js';
import { clipped } from '../../wire/schema.js';
import { type Shape, shapeCodec } from '../../wire/transfer-shape.js';

/** Bytes of names, so that the whole has its room in an offer. */
const NAMES_BYTES = 16 << 10;
const WHY_BYTES = 64;
const LAST_TIME = 253_402_300_799_999;

/** As many as there is room for. */
function fitting<T>(all: readonly T[], most: number, room: number, nameOf: (one: T) => string): T[] {
  let left = room;
  const kept: T[] = [];
  for (const one of all.slice(0, most)) {
    left -= Buffer.byteLength(nameOf(one));
    if (left < 0) break;
    kept.push(one);
  }
  return kept;
}

/** What the offer says of the files beside their list; empty folders that have no room are named as not sent. */
export function shapeOf({ files, folders = [], leftOut = [] }: Source): Uint8Array {
  const empty = fitting(folders, SHAPE_FOLDERS, NAMES_BYTES / 2, (name) => name);
  const beyond: LeftOut[] = folders.slice(empty.length).map((name) => ({ name: `${name}/`, why: 'an empty folder' }));
  const all = [...leftOut, ...beyond];
  const named = fitting(all, SHAPE_LEFT_OUT, NAMES_BYTES / 2, ({ name }) => name);
  const shape: Shape = {
    times: files.map(({ mtimeMs }) => Math.max(0, Math.min(LAST_TIME, Math.floor(mtimeMs)))),
    executable: files.flatMap(({ executable }, at) => (executable ? [at] : [])),
    folders: empty,
    leftOut: named.map(({ name, why }) => ({ name: clipped(name, 1_000), why: clipped(why, WHY_BYTES) })),
    more: all.length - named.length,
  };
  return shapeCodec.encode(shape);
}
