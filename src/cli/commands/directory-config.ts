import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { closestMatch } from '../../base/closest-match.js';
import { Failure } from '../../base/errors.js';
import type { DirectoryStartOptions } from './directory-start-options.js';
import { CONFIGURABLE } from './directory-start-table.js';

type Name = keyof typeof CONFIGURABLE;
type Given = Readonly<Record<string, unknown>>;

/** Options from a file: TOML, by the names of the command line's. What stands on the command line counts more. */

/** @throws Failure usage 'config-unreadable', 'config-malformed', 'config-unknown', 'config-invalid' */
export async function readConfig(file: string): Promise<Partial<DirectoryStartOptions>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure('config-unreadable', `${file} cannot be read: ${error.code}.`, {
      hint: 'Give the path of a configuration file; docs/operations.md has one.',
      cause: error,
    });
  });
  const entries = Object.entries(parsed(file, text));
  return Object.fromEntries(entries.map(([name, value]) => [name, checked(file, name, value)]));
}

/** The options as given, over those of the file they name. */
export async function configured(options: DirectoryStartOptions): Promise<DirectoryStartOptions> {
  if (options.config === undefined) return options;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...(await readConfig(options.config)), ...given };
}

function parsed(file: string, text: string): Given {
  try {
    return parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? `, line ${error.line}` : '';
    const [said = ''] = (error as Error).message.split('\n');
    throw new Failure('config-malformed', `${file}${where}: ${said.replace(/^Invalid TOML document: /, '')}.`, {
      hint: 'Write one option a line, as: listen = "0.0.0.0:4000". What follows a # is left out.',
    });
  }
}

/** A value as the command line would have had it. */
function checked(file: string, name: string, value: unknown): string | boolean {
  if (!Object.hasOwn(CONFIGURABLE, name)) throw unknown(file, name);
  const option: { readonly type: string; readonly choices?: readonly string[] } = CONFIGURABLE[name as Name];
  if (option.type === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw invalid(file, name, 'Write true or false.');
  }
  const words = Array.isArray(value) ? value : [value];
  if (words.some((word) => typeof word !== 'string' && typeof word !== 'number')) {
    throw invalid(file, name, 'Write a text in quotes, or a number.');
  }
  const text = words.join(',');
  if (option.choices?.includes(text) === false) throw invalid(file, name, `Choose from: ${option.choices.join(', ')}.`);
  return text;
}

function unknown(file: string, name: string): Failure {
  const names = Object.keys(CONFIGURABLE);
  const meant = closestMatch(name.slice(0, 64), names);
  return new Failure('config-unknown', `${file}: there is no option '${name}'.`, {
    hint: meant === undefined ? `There are: ${names.join(', ')}.` : `Did you mean '${meant}'?`,
  });
}

const invalid = (file: string, name: string, hint: string): Failure =>
  new Failure('config-invalid', `${file}: '${name}' has a value that it can't have.`, { hint });

/** A file with every option, each as it is without it. */
export function configTemplate(): string {
  const lines = Object.entries(CONFIGURABLE).map(([name, { type, describe }]) => {
    const value = EXAMPLES[name as Name] ?? (type === 'boolean' ? 'false' : '""');
    return `# ${describe}\n#${name} = ${value}\n`;
  });
  return `# p2pchat directory: remove the # before what is to be otherwise, then
#   p2pchat directory config check --config FILE
# and restart the directory. What stands on its command line counts more.\n\n${lines.join('\n')}`;
}

const EXAMPLES: { readonly [N in Name]?: string } = {
  data: '"/var/lib/p2pchat"',
  listen: '"0.0.0.0:4000"',
  store: '"level"',
  registration: '"open"',
  rooms: '["lobby", "random", "help"]',
  'block-after': '3',
  'block-seconds': '10',
  'require-second-factor': '"admin"',
  'upload-quota': '"2GiB"',
  'upload-space': '"32GiB"',
  'upload-days': '30',
  relay: '4000',
  'relay-quota': '"20GiB"',
  'relay-day': '"200GiB"',
  'relay-rate': '"125MB/s"',
  log: '"-"',
  'log-level': '"info"',
  'log-size': '"64MiB"',
  'log-days': '30',
  metrics: '"127.0.0.1:9464"',
  guests: '"127.0.0.1:8080"',
  'guests-url': '"https://chat.example.org/"',
};
