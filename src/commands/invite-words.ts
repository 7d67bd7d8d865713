import { type CodeItem, codeItem, codeLines, WAIT, waitsFor } from './add-device.js';
import { define } from './command.js';
import { field } from './format-message.js';

type Item = CodeItem | { readonly event: 'person-joined'; readonly user: string; readonly group?: string };

export const inviteWords = define({
  name: 'invite-words',
  slash: 'invitewords',
  aliases: ['invite --words'],
  parameters: {
    group: { type: 'group', optional: true, about: 'a group of yours that they come into' },
    wait: WAIT,
  },
  slashTakes: { group: 'GROUP' },
  least: 'admin',
  about: 'Make a code, a number and three words, by which somebody makes an account here: tell it, and they join.',
  examples: { slash: '', shell: "'#homework'" },

  async *run(peer, { group, wait }, context): AsyncGenerator<Item> {
    const made = await peer.account.pairings.invite(group);
    yield codeItem(peer, made);
    if (!waitsFor(wait, context)) return;
    yield { event: 'person-joined', ...(await made.outcome) };
  },

  lines(item, { face }) {
    if (item.event === 'code') {
      const rest = face === 'slash' ? [] : ['Waiting for them …'];
      return ['For one person, whom you tell it.', ...codeLines(item, 'join'), ...rest];
    }
    const where = item.group === undefined ? '' : ` and is asked into ${field(item.group)}`;
    return [`${field(item.user)} has joined${where}.`];
  },
});
