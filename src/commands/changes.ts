import { type Command, type Context, define } from './command.js';
import { chosenMessage, WHICH } from './message-selector.js';
import type { Parameter } from './parameter.js';

const ID = {
  type: 'words',
  flag: true,
  optional: true,
  about: WHICH,
} as const satisfies Parameter;

interface Done {
  readonly event: 'change';
  readonly id: string;
  readonly change: keyof typeof SAYS;
}

const SAYS = { edited: 'Edited.', deleted: 'Deleted.', reaction: 'Done.' } as const;
const lines = ({ change }: Done, { face }: Context): string[] => (face === 'slash' ? [] : [SAYS[change]]);

const edit = define({
  name: 'edit',
  slash: 'edit',
  parameters: { body: { type: 'words', about: 'the new text' }, id: ID },
  slashTakes: { body: 'TEXT', id: 'ID' },
  about: 'Edit one of your messages.',
  examples: { slash: 'See you at seven', shell: "'See you at seven' --id ID" },
  async *run(peer, { body, id }, context): AsyncIterable<Done> {
    const chosen = await chosenMessage(peer, id, context, 'own');
    await peer.changes.edit(chosen, body);
    yield { event: 'change', id: chosen, change: 'edited' };
  },
  lines,
});

const remove = define({
  name: 'delete',
  slash: 'delete',
  parameters: { id: { type: 'words', optional: true, about: WHICH } },
  about: 'Delete one of your messages, on all devices that have it.',
  examples: { slash: '', shell: 'ID' },
  async *run(peer, { id }, context): AsyncIterable<Done> {
    const chosen = await chosenMessage(peer, id, context, 'own');
    await peer.changes.remove(chosen);
    yield { event: 'change', id: chosen, change: 'deleted' };
  },
  lines,
});

const react = define({
  name: 'react',
  slash: 'react',
  parameters: { emoji: { type: 'words', about: 'the reaction; the same again removes it' }, id: ID },
  slashTakes: { emoji: 'EMOJI', id: 'ID' },
  about: 'React to a message; the same reaction again removes it.',
  examples: { slash: '👍', shell: "'👍' --id ID" },
  async *run(peer, { emoji, id }, context): AsyncIterable<Done> {
    const chosen = await chosenMessage(peer, id, context, 'others');
    await peer.changes.react(chosen, emoji);
    yield { event: 'change', id: chosen, change: 'reaction' };
  },
  lines,
});

export const changeCommands: readonly Command[] = [edit, remove, react];
