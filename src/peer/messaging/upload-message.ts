import { hex } from '../../base/bytes.js';
import { sizeText } from '../../base/size.js';
import type { UploadContent } from '../../wire/content.js';
import { cleanLine } from '../../wire/text.js';
import type { MessageRow } from '../storage/tables.js';

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
