import { jsonLine } from '../base/json-line.js';
import type { HistoryMessage } from '../peer/api/peer.js';
import { define } from './command.js';
import { field, messageLine, onOneLine } from './format-message.js';
import { assertConversation } from './known.js';

/** CommonMark: what would be markup in somebody's text is escaped. */
const literal = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!<>|~]/g, '\\$&');

const markdownLine = ({ from, sentAt, conversation, text }: HistoryMessage): string =>
  `- ${sentAt} **${literal(field(from))}** in ${literal(field(conversation))}: ${literal(onOneLine(text))}`;

export const exportHistory = define({
  name: 'export',
  empty: 'There is no history here yet.',
  parameters: {
    conversation: { type: 'conversation', optional: true, about: 'only this one' },
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

  async *run(peer, { conversation, format }) {
    if (conversation !== undefined) await assertConversation(peer, conversation);
    for await (const message of peer.export(conversation)) {
      yield { event: 'message' as const, format, ...message, history: true as const };
    }
  },

  lines({ format, ...message }) {
    if (format === 'json') return [jsonLine(message)];
    if (format === 'markdown') return [markdownLine(message)];
    return [messageLine(message, 0)];
  },
});
