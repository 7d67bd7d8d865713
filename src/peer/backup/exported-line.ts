import { fromBase64url, fromHex, hex } from '../../base/bytes.js';
import { contentCodec } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import type { ExportedLine } from '../../wire/signed-export.js';
import { cleanText } from '../../wire/text.js';
import { conversationIn } from '../messaging/conversation.js';
import { saidOf } from '../messaging/upload-message.js';
import type { Tables } from '../storage/tables.js';
import type { LineRecord } from './record.js';

/** A line of a signed export, which has been verified, as history keeps it. */
export function lineRecord(line: ExportedLine, room: string, self: string): LineRecord {
  const content = contentCodec.decode(fromBase64url(line.content));
  const said =
    content.type === 'upload'
      ? saidOf(content)
      : { body: cleanText(line.text), sentAt: content.type === 'text' ? content.sentAt : line.at };
  return {
    ...{ kind: 'line', id: fromHex(line.id), conversation: conversationIn(room), number: line.seq, from: line.from },
    ...{ body: said.body, sentAt: said.sentAt, receivedAt: line.at, via: 'group' },
    ...(line.edit !== undefined && { edited: true }),
    ...(foldName(line.from) === foldName(self) && { state: 'stored' }),
    ...(content.type === 'text' && content.replyTo && { replyTo: content.replyTo }),
    ...('upload' in said && said.upload && { upload: said.upload }),
  };
}

/** The id of the group of that name which this device knows. */
export async function groupNamed(tables: Tables, name: string): Promise<string | undefined> {
  for await (const row of tables.namedGroups.range([]))
    if (foldName(row.name) === foldName(name)) return hex(row.group);
  return undefined;
}
