import { define } from './command.js';
import { details, overview } from './help.js';
import { bySlash, permitted } from './lookup.js';

export const help = define({
  name: 'help',
  slash: 'help',
  shell: false,
  parameters: { command: { type: 'command', optional: true, about: 'the command to explain' } },
  about: 'Lists the commands, or explains one.',
  examples: { slash: 'msgto' },

  async *run(_peer, { command }, { commands, role }) {
    const lines =
      command === undefined
        ? overview(
            commands.filter((each) => each.slash !== undefined && permitted(each, role)),
            'slash',
          )
        : details(bySlash(commands, command.replace(/^\//, '')), 'slash');
    for (const line of lines) yield { event: 'help', line };
  },

  lines: ({ line }) => [line],
});
