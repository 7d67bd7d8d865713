import { Failure } from '../base/errors.js';
import { jsonLine } from '../base/json-line.js';
import type { HistoryMessage } from '../peer/api/peer.js';
import type { ExportRecord } from '../wire/signed-export.js';
import { define } from './command.js';
import { field, messageLine, onOneLine } from './format-message.js';
import { assertConversation } from './known.js';

/** CommonMark: what would be markup in somebody's text is escaped. */
const literal = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!<>|~]/g, '\\$&');

const markdownLine = ({ from, sentAt, conversation, text }: HistoryMessage): string =>
  `- ${sentAt} **${literal(field(from))}** in ${literal(field(conversation))}: ${literal(onOneLine(text))}`;

type Item =
  | ExportRecord
  | ({
      readonly event: 'message';
      readonly format: 'text' | 'json' | 'markdown';
      readonly history: true;
    } & HistoryMessage);

/** Nothing in it is another character for having been shown on a terminal. */
const ascii = (record: ExportRecord): string =>
  JSON.stringify(record).replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const exportHistory = define({
  name: 'export',
  empty: 'There is no history here yet.',
  parameters: {
    conversation: { type: 'conversation', optional: true, about: 'only this one' },
    signed: {
      type: 'switch',
      flag: true,
      optional: true,
      about: 'of a group with shared history: with the signatures of all authors, for verify-export and import',
    },
    format: {
      type: 'choice',
      choices: ['text', 'json', 'markdown'],
      fallback: 'text',
      flag: true,
      optional: true,
      about: 'the output format',
    },
  },
  about: 'Write the history on this device to standard output.',
  examples: { shell: '@bob --format markdown > bob.md' },

  async *run(peer, { conversation, format, signed }): AsyncIterable<Item> {
    if (conversation !== undefined) await assertConversation(peer, conversation);
    if (signed) {
      if (!conversation?.startsWith('#')) throw new Failure('export-unsigned');
      yield* peer.backups.exportSigned(conversation.slice(1));
      return;
    }
    for await (const message of peer.export(conversation)) {
      yield { event: 'message', format, ...message, history: true };
    }
  },

  lines(item) {
    if (item.event === 'export') return [ascii(item)];
    const { format, ...message } = item;
    if (format === 'json') return [jsonLine(message)];
    if (format === 'markdown') return [markdownLine(message)];
    return [messageLine(message, 0)];
  },
});
