import type { HistoryMessage } from '../peer/api/peer.js';
import { type Command, define } from './command.js';
import { conversationsHere, HERE_OR_ALL } from './conversation-here.js';
import { messageLine } from './format-message.js';
import { chosenMessage, WHICH } from './message-selector.js';
import type { Parameter } from './parameter.js';

const ID = { type: 'words', optional: true, about: WHICH } as const satisfies Parameter;

interface Done {
  readonly event: 'change';
  readonly id: string;
  readonly change: 'pinned' | 'unpinned';
}

const pin = define({
  name: 'pin',
  slash: 'pin',
  parameters: { id: ID },
  about: 'Pin a message: keep it in sight of everybody. In a group for the role advanced and above.',
  examples: { slash: '2', shell: 'ID' },
  async *run(peer, { id }, context): AsyncIterable<Done> {
    const chosen = await chosenMessage(peer, id, context, 'any');
    await peer.pins.pin(chosen, true);
    yield { event: 'change', id: chosen, change: 'pinned' };
  },
  lines: (_item, { face }) => (face === 'slash' ? [] : ['Pinned.']),
});

const unpin = define({
  name: 'unpin',
  slash: 'unpin',
  parameters: { id: ID },
  about: 'Take a pinned message off again; the message stays.',
  examples: { slash: '', shell: 'ID' },
  async *run(peer, { id }, context): AsyncIterable<Done> {
    const chosen = await chosenMessage(peer, id, context, 'pinned');
    await peer.pins.pin(chosen, false);
    yield { event: 'change', id: chosen, change: 'unpinned' };
  },
  lines: (_item, { face }) => (face === 'slash' ? [] : ['Not pinned any more.']),
});

const pins = define({
  name: 'pins',
  slash: 'pins',
  empty: 'Nothing is pinned there.',
  parameters: { conversation: HERE_OR_ALL },
  about: 'List the pinned messages of a conversation.',
  examples: { slash: '#lobby', shell: '@bob' },
  async *run(peer, { conversation }, context): AsyncIterable<{ event: 'message'; history: true } & HistoryMessage> {
    for (const chosen of await conversationsHere(peer, conversation, context))
      for (const message of await peer.pins.list(chosen)) yield { event: 'message', ...message, history: true };
  },
  lines: (message, { now, face }) => [
    `${messageLine(message, now())}  (${face === 'slash' ? message.id.slice(0, 8) : message.id})`,
  ],
});

export const pinCommands: readonly Command[] = [pin, unpin, pins];
