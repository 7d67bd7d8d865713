import { commands } from '../commands/commands.js';
import { KEPT } from './home.js';
import { PROGRAMS } from './programs.js';
import { helpText } from './yargs.js';

/** The manual page, made of what `--help` says, so that it can't say anything else. */

const EXITS: readonly (readonly [status: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'anything else'],
  [2, 'wrong usage'],
  [3, 'wrong name or password'],
  [4, 'blocked or banned'],
  [5, 'no such user or group, or not delivered where that was asked for'],
  [6, 'trust: an identity changed, or a certificate is not valid'],
  [7, "the directory can't be reached"],
  [8, 'not permitted'],
  [9, 'a transfer failed or was declined'],
  [10, 'limit or quota'],
];

/** What every page of help repeats. */
const REPEATED = /^ {2}--(json|help|version) .*\n/gm;

/** Text as roff takes it: no backslash is an escape, no line begins a request, a minus is one. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/[^\x00-\x7f]/gu, (one) => `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`);

const literal = (text: string): string => `.nf\n${roff(text.trim())}\n.fi`;

async function section(name: string): Promise<string> {
  const help = (await helpText(name.split(' '))).replace(REPEATED, '').replace(/\nOptions:\n(?=\n|$)/, '');
  return `.SS ${roff(`p2pchat ${name}`)}\n${literal(help)}`;
}

/** All of p2pchat(1), in roff. */
export async function manual(version: string): Promise<string> {
  const table = commands.filter(({ shell }) => shell).map(({ name }) => name);
  const names = [...PROGRAMS, ...table];
  const sections: string[] = [];
  for (const name of names) sections.push(await section(name));
  const exits = EXITS.map(([status, meaning]) => `.TP\n.B ${status}\n${roff(meaning)}`);
  return `${[
    `.TH P2PCHAT 1 "" "p2pchat ${version}" "User Commands"`,
    '.SH NAME',
    roff('p2pchat - secure chat and fast file transfer from the terminal'),
    '.SH SYNOPSIS',
    '.B p2pchat\n.I COMMAND\n[\\fIARGUMENT\\fR ...]',
    '.SH DESCRIPTION',
    roff(
      'Peers talk directly, end to end encrypted; a directory introduces them and cannot read a word. Every command takes --json (one object a line on standard output), --help and --version.',
    ),
    '.SH COMMANDS',
    ...sections,
    '.SH ENVIRONMENT',
    `.TP\n.B P2PCHAT_HOME\n${roff(`The folder for everything this installation keeps. ${KEPT}`)}`,
    `.TP\n.B P2PCHAT_LAN\n${roff('off: nothing is said on the local network, whatever the preferences are.')}`,
    `.TP\n.B P2PCHAT_MAPPING\n${roff('off: no router is asked to let others in, whatever the preferences are.')}`,
    `.TP\n.B P2PCHAT_DIRECTORY\n${roff('The link of the directory, as --directory has it.')}`,
    `.TP\n.B NO_COLOR\n${roff('Set to anything: no colours.')}`,
    '.SH EXIT STATUS',
    ...exits,
  ].join('\n')}\n`;
}
