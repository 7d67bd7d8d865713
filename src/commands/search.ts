import { define } from './command.js';
import { messageLine } from './format-message.js';
import { assertConversation } from './known.js';

export const search = define({
  name: 'search',
  empty: 'Nothing was found.',
  slash: 'search',
  parameters: {
    words: { type: 'words', about: 'messages with all of these words' },
    from: { type: 'user', flag: true, optional: true, about: 'only what this person wrote' },
    in: { type: 'conversation', flag: true, optional: true, about: 'only in this conversation' },
    since: { type: 'time', flag: true, optional: true, about: 'not before this day or time' },
    until: { type: 'time', flag: true, optional: true, about: 'before this day or time' },
  },
  about: "Search the messages on this device's own disk.",
  examples: { slash: 'train tickets --from bob', shell: 'train tickets --since 2026-01-31' },

  async *run(peer, { words, from, since, until, ...rest }) {
    const found = await peer.search({
      words,
      ...(rest.in !== undefined && { conversation: rest.in }),
      ...(from !== undefined && { from }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    });
    if (found.length === 0) {
      if (rest.in !== undefined) await assertConversation(peer, rest.in);
      if (from !== undefined) await assertConversation(peer, `@${from}`);
    }
    for (const message of found) yield { event: 'message', ...message, history: true };
  },

  lines: (message, { now }) => [messageLine(message, now())],
});
