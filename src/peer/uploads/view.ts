import { hex } from '../../base/bytes.js';
import type { UploadContent } from '../../wire/content.js';
import { cleanLine } from '../../wire/text.js';
import type { UploadEvent } from '../api/events.js';
import type { UploadRow } from '../storage/tables.js';

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
