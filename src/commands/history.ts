import type { ConversationSummary, HistoryMessage, PeerApi } from '../peer/api/peer.js';
import { define } from './command.js';
import { field, messageLine } from './format-message.js';
import { assertConversation } from './known.js';

const SHOWN = 50;

type Line =
  | ({ readonly event: 'message'; readonly history: true } & HistoryMessage)
  | ({ readonly event: 'conversation' } & ConversationSummary);

async function* conversations(peer: PeerApi): AsyncIterable<Line> {
  for (const summary of await peer.conversations()) yield { event: 'conversation', ...summary };
}

export const history = define({
  name: 'history',
  empty: 'Nothing has been said there yet.',
  slash: 'history',
  parameters: {
    conversation: {
      type: 'conversation',
      optional: true,
      about: 'which one; without it the current one, and in a shell the list of all',
    },
    n: { type: 'count', optional: true, about: `how many messages, the newest; ${SHOWN} by default` },
  },
  about: "Show past messages, from this device's own disk.",
  examples: { slash: '@bob 20', shell: '@bob 20' },

  async *run(peer, { conversation, n }, context): AsyncIterable<Line> {
    const chosen = conversation ?? context.current;
    if (chosen === undefined) return yield* conversations(peer);
    const said = await peer.history({ conversation: chosen, limit: n ?? SHOWN });
    if (said.length === 0 && conversation !== undefined) await assertConversation(peer, chosen);
    for (const message of said) {
      yield { event: 'message', ...message, history: true };
    }
  },

  lines(line, { now }) {
    if (line.event === 'message') return [messageLine(line, now())];
    const unread = line.unread > 0 ? `${line.unread} unread` : '';
    const last = line.last === undefined ? '' : messageLine(line.last, now());
    return [`${field(line.conversation).padEnd(20)} ${unread.padEnd(10)} ${last}`.trimEnd()];
  },
});
