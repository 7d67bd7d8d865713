import { hex } from '../../base/bytes.js';
import type { UploadContent } from '../../wire/content.js';
import { cleanLine } from '../../wire/text.js';
import type { UploadEvent } from '../api/events.js';
import type { MessageRow, UploadRow } from '../storage/tables.js';

/** Files of groups as they are told to whoever watches. */

type Shown = Pick<UploadRow, 'id' | 'from' | 'name' | 'size' | 'type' | 'path'>;

export const viewOf = (row: Shown, group: string, state: UploadEvent['state'], bytes = 0): UploadEvent => ({
  event: 'upload',
  group,
  id: hex(row.id),
  name: cleanLine(row.name),
  size: row.size,
  ...(row.type !== undefined && { type: cleanLine(row.type) }),
  from: row.from,
  state,
  bytes,
  ...(row.path !== undefined && { path: row.path }),
});

export const rowOf = (group: Uint8Array, from: string, content: UploadContent): UploadRow => ({
  id: content.upload,
  group,
  from,
  name: content.name,
  size: content.size,
  ...(content.mime !== undefined && { type: content.mime }),
  key: content.key,
  sum: content.sum,
  sentAt: content.sentAt,
});

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit++) value /= 1_000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}

/** The line that tells of it, also in a program that knows nothing of uploads. */
export function saidOf(content: UploadContent): {
  body: string;
  sentAt: number;
  upload: MessageRow['upload'];
} {
  const { upload: id, size, mime, sentAt } = content;
  const name = cleanLine(content.name);
  const body = `shared ${name} (${sizeText(size)}): /download ${hex(id).slice(0, 8)}`;
  return {
    body,
    sentAt,
    upload: { id, name: content.name, size, ...(mime !== undefined && { type: mime }) },
  };
}
