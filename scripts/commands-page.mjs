// docs/commands.md, made from the table of commands, the screen's own commands and the help of the other programs.

import { PROGRAMS } from '../dist/src/cli/programs.js';
import { helpText } from '../dist/src/cli/yargs.js';
import { commands } from '../dist/src/commands/commands.js';
import { usage } from '../dist/src/commands/help.js';
import { namesOf } from '../dist/src/commands/lookup.js';
import { BESIDE_TABLE } from '../dist/src/tui/screen/local-commands.js';

const cell = (text) => text.replaceAll('|', '\\|');
const code = (text) => `\`${cell(text)}\``;
const row = (...cells) => `| ${cells.join(' | ')} |`;
const isInChat = (command) => namesOf(command, 'slash').length > 0;

async function program(name) {
  const [form = '', about = ''] = (await helpText(name.split(' '))).split('\n\n');
  return row(code(form), cell(about.replaceAll('\n', ' ')));
}

/** The page as text. */
export async function commandsPage() {
  const inChat = commands.filter(isInChat);
  const onlyInShell = commands.filter((command) => command.shell && !isInChat(command));
  return [
    '# Commands',
    '',
    'Every command, where it is in the chat and in the shell. `/help NAME` and `p2pchat NAME --help` say more, with an example; the manual page says all of it (`man p2pchat`). Arguments are given by their place or by their name (`--to bob`). Bots call the same commands by JSON-RPC ([bots.md](bots.md)).',
    '',
    'Made from the table of commands by `node scripts/documents.mjs`.',
    '',
    '## In the chat and in the shell',
    row('in the chat', 'in the shell', 'what it does'),
    row('---', '---', '---'),
    ...inChat.map((command) =>
      row(code(usage(command, 'slash')), command.shell ? code(usage(command, 'shell')) : '', cell(command.about)),
    ),
    '',
    '## Of the screen itself',
    row('in the chat', 'what it does'),
    row('---', '---'),
    ...BESIDE_TABLE.map((each) => row(code(each.usage), cell(each.about))),
    '',
    '## In the shell alone',
    row('in the shell', 'what it does'),
    row('---', '---'),
    ...onlyInShell.map((command) => row(code(usage(command, 'shell')), cell(command.about))),
    ...(await Promise.all(PROGRAMS.map(program))),
    '',
  ].join('\n');
}
