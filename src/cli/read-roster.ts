import { parse } from 'csv-parse/sync';
import { Failure, toFailure } from '../base/errors.js';
import { foldName, parseGroupName, parseUserName } from '../wire/names.js';
import { cleanLine } from '../wire/text.js';

/** One person of a roster, and the line of the file where they stand. */
export interface RosterLine {
  readonly line: number;
  readonly name: string;
  /** What stands on the card above the name, such as the real one. */
  readonly label?: string;
  /** An open group, without its `#`. */
  readonly group?: string;
}

const COLUMNS = ['name', 'label', 'group'] as const;
type Column = (typeof COLUMNS)[number];
/** As other programs call the first column. */
const NAMES: readonly string[] = ['name', 'user', 'username', 'login'];
const LABEL_CHARS = 80;
/** As many problems as one reads at once. */
const SHOWN = 5;

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a roster: a CSV with commas, semicolons or tabs, in UTF-8 or UTF-16 with a byte order mark; with or without a line of
 * headings. All of it is right, or nothing is taken.
 * @throws Failure usage 'roster-encoding', 'roster-line', each with the number of the line
 */
export function readRoster(bytes: Uint8Array): RosterLine[] {
  const rows = rowsOf(textOf(bytes));
  const columns = columnsOf(rows[0]);
  const people = rows.slice(columns.headed ? 1 : 0).map((row) => personOf(row, columns.order));
  const problems = people.flatMap(({ problem }) => problem ?? []);
  const seen = new Map<string, number>();
  for (const { line, name } of people) {
    const before = seen.get(foldName(name));
    if (before !== undefined) problems.push(`Line ${line}: '${name}' stands in line ${before} already.`);
    else if (name !== '') seen.set(foldName(name), line);
  }
  if (problems.length > 0) throw wrong(problems);
  if (people.length === 0) throw wrong(['There is nobody in it.']);
  return people.map(({ problem: _, ...person }) => person);
}

function wrong(problems: readonly string[]): Failure {
  const more = problems.length > SHOWN ? ` And ${problems.length - SHOWN} more.` : '';
  return new Failure('roster-line', `${problems.slice(0, SHOWN).join(' ')}${more}`);
}

/** By its byte order mark; without one it is UTF-8. @throws Failure usage 'roster-encoding' */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const mark =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  try {
    const text = new TextDecoder(mark, { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    if (mark !== 'utf-8')
      throw new Failure('roster-encoding', 'The roster is damaged: it begins as UTF-16 and is none.');
  }
  const line = brokenLine(bytes);
  const looks = bytes.includes(0) ? 'UTF-16 without a byte order mark' : 'Latin-1 or an old Windows encoding';
  throw new Failure('roster-encoding', `Line ${line} is not UTF-8; it looks like ${looks}.`, { details: { line } });
}

/** The first that is no UTF-8. */
function brokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [line, start] = [1, 0];
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a) continue;
    try {
      if (decoder.decode(bytes.subarray(start, at)).includes('\0')) return line;
    } catch {
      return line;
    }
    [line, start] = [line + 1, at + 1];
  }
  return 1;
}

/** @throws Failure usage 'roster-line' */
function rowsOf(text: string): Row[] {
  try {
    return parse(text, {
      ...{ bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true },
      delimiter: [',', ';', '\t'],
    }) as unknown as Row[];
  } catch (error) {
    const { code, lines } = error as { code?: string; lines?: number };
    if (lines === undefined) throw error;
    const why =
      code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'a quotation mark is opened and never closed'
        : 'its quotation marks are not right';
    throw new Failure('roster-line', `Line ${lines}: ${why}.`, { details: { line: lines } });
  }
}

/** Where each column stands: by the headings, or in the order of COLUMNS. @throws Failure usage 'roster-line' */
function columnsOf(first: Row | undefined): { readonly headed: boolean; readonly order: readonly Column[] } {
  const heads = first?.record.map((head) => head.toLowerCase()) ?? [];
  if (!heads.some((head) => NAMES.includes(head))) return { headed: false, order: COLUMNS };
  const order = heads.map((head) => (NAMES.includes(head) ? 'name' : head));
  const unknown = order.find((head) => !(COLUMNS as readonly string[]).includes(head));
  const double = order.find((head, at) => order.indexOf(head) !== at);
  const what = unknown === undefined ? (double === undefined ? undefined : 'stands there twice') : 'is no column';
  if (what === undefined) return { headed: true, order: order as Column[] };
  throw wrong([
    `Line ${first!.info.lines}: '${cleanLine(unknown ?? double!)}' ${what}: there are ${COLUMNS.join(', ')}.`,
  ]);
}

function personOf({ record, info }: Row, order: readonly Column[]): RosterLine & { readonly problem?: string } {
  const line = info.lines;
  const at = (column: Column): string => record[order.indexOf(column)]?.trim() ?? '';
  const [name, label, group] = [at('name'), cleanLine(at('label'), LABEL_CHARS), at('group').replace(/^#/, '')];
  const person = { line, name, ...(label !== '' && { label }), ...(group !== '' && { group }) };
  if (record.length > order.length) {
    return { ...person, problem: `Line ${line} has ${record.length} columns, and there are at most ${order.length}.` };
  }
  if (name === '') return { ...person, problem: `Line ${line} has no name.` };
  try {
    parseUserName(name);
    if (group !== '') parseGroupName(group);
    return person;
  } catch (error) {
    const { message, hint } = toFailure(error);
    return { ...person, problem: `Line ${line}: '${cleanLine(name, LABEL_CHARS)}': ${message} ${hint}` };
  }
}
