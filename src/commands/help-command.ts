import { type Context, define } from './command.js';
import { details, overview, roleRights } from './help.js';
import { bySlash, onFace, permitted } from './lookup.js';

const TOPICS = ['roles'];

function explained(word: string, { commands, beside = [] }: Context): readonly string[] {
  const name = word.replace(/^\//, '').toLowerCase();
  const local = beside.find(({ usage }) => usage.split(' ')[0] === `/${name}`);
  if (local !== undefined) return [local.usage, local.about];
  if (TOPICS.includes(name) && onFace(commands, 'slash', name) === undefined) return roleRights(commands);
  return details(bySlash(commands, name), 'slash');
}

function all({ commands, beside = [], role }: Context): readonly string[] {
  const chat = commands.filter((each) => each.slash !== undefined && permitted(each, role));
  const width = overview(chat, 'slash').length === 0 ? 0 : 44;
  return [
    ...overview(chat, 'slash'),
    ...beside.map(({ usage, about }) => `${usage.padEnd(width)}  ${about}`),
    '/help COMMAND explains one; /help roles says who may do what.',
  ];
}

export const help = define({
  name: 'help',
  slash: 'help',
  shell: false,
  parameters: { command: { type: 'command', optional: true, about: 'the command to explain, or roles' } },
  about: 'List the commands, or explain one.',
  examples: { slash: 'msgto' },

  async *run(_peer, { command }, context) {
    for (const line of command === undefined ? all(context) : explained(command, context))
      yield { event: 'help', line };
  },

  lines: ({ line }) => [line],
});
