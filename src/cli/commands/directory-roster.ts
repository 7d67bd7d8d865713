import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../../base/errors.js';
import { WholeFile } from '../../base/whole-file.js';
import { hostAndPort, parseLink } from '../../wire/link.js';
import { type Card, htmlPage, textCard } from '../cards.js';
import { numberOption } from '../options.js';
import type { ConsoleItem } from '../parts.js';
import { type RosterLine, readRoster } from '../read-roster.js';
import type { Shell } from '../shell.js';
import { running } from './directory-ask.js';

export interface RosterOptions {
  readonly file: string;
  readonly data?: string | undefined;
  readonly days?: string | undefined;
  readonly html?: string | undefined;
}

const DAYS = 14;
const DAYS_MOST = 365;

/** A roster of a whole school is less. */
const FILE_BYTES = 1 << 20;

/** Makes a join code for each person of a CSV, and prints their cards. */
export async function directoryRoster(shell: Shell, { file, data, days, html }: RosterOptions): Promise<void> {
  const lifetime = numberOption('days', days, true) ?? DAYS;
  if (lifetime < 1 || lifetime > DAYS_MOST) {
    throw new Failure('argument-invalid', `--days: give 1 to ${DAYS_MOST}.`);
  }
  const people = readRoster(await bytesOf(file));
  const client = await running(shell, data);
  const page = html === undefined ? undefined : await pageAt(resolve(html));
  try {
    const given = people.map(({ line, name, group }) => ({ line, name, ...(group !== undefined && { group }) }));
    const items = (await client.call('roster', { people: given, days: lifetime })) as readonly ConsoleItem[];
    const cards = items.map(({ json }, at) => cardOf(json, people[at]!));
    await page?.replace(htmlPage(cards));
    for (const [at, { json }] of items.entries()) {
      const { label } = people[at]!;
      shell.output.say({ ...json, ...(label !== undefined && { label }) }, textCard(cards[at]!));
    }
    shell.output.note(
      `${cards.length} codes, each good once and for ${lifetime} days.${html === undefined ? '' : ` The cards are in ${html}.`}`,
    );
  } finally {
    await page?.close();
  }
}

function cardOf(json: ConsoleItem['json'], { label }: RosterLine): Card {
  return {
    ...{ name: String(json.name), code: String(json.code), until: String(json.expiresAt).slice(0, 10) },
    directory: hostAndPort(parseLink(String(json.link))),
    ...(label !== undefined && { label }),
  };
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : (error.code ?? 'unknown');
    throw new Failure('roster-file', `The roster cannot be read: ${why}.`, { hint: `Look at the path: ${file}` });
  });
  if (bytes.length <= FILE_BYTES) return bytes;
  throw new Failure('roster-file', 'The roster is larger than 1 MiB.', {
    hint: 'Is that the right file? Split it if so.',
  });
}

/** The file that the page goes to, tried before any code is made. @throws Failure usage 'roster-file' */
const pageAt = (path: string): Promise<WholeFile> =>
  WholeFile.begin(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('roster-file', `The cards cannot be written: ${error.code ?? 'unknown'}.`, {
      hint: 'Name a file in a folder that is there, and yours, by --html. Nothing was made.',
    });
  });
