import type { Writable } from 'node:stream';
import type { Failure } from '../base/errors.js';
import type { ProgressPart } from '../commands/command.js';
import { inWordsOf } from '../commands/words-of-face.js';

/** C1, bidi controls and line separators: harmless to a parser, not to a terminal which shows the JSON. */
const UNPRINTABLE = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line of JSON that a terminal shows as it is. */
export const jsonLine = (value: unknown): string => JSON.stringify(value).replace(UNPRINTABLE, escaped);

/** Standard output for results, standard error for everything else. */
export class Output {
  readonly json: boolean;
  readonly #out: Writable;
  readonly #err: Writable;
  #inProgress = false;
  /** Whoever edits a line on the terminal puts itself around what is printed. */
  around: (print: () => void) => void = (print) => print();

  constructor(out: Writable, err: Writable, json: boolean) {
    this.#out = out;
    this.#err = err;
    this.json = json;
  }

  /** The same thing for programs and for people; no line means that people don't need it. */
  say(item: object, lines: readonly string[]): void {
    this.results(this.json ? [jsonLine(item)] : lines);
  }

  results(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#endProgress();
    this.around(() => this.#out.write(`${lines.join('\n')}\n`));
  }

  /** On a terminal, in the place of the progress said before; elsewhere nothing. */
  progress(parts: readonly ProgressPart[]): void {
    if (!('isTTY' in this.#err) || this.#err.isTTY !== true) return;
    const columns = 'columns' in this.#err ? Number(this.#err.columns) : 80;
    this.#inProgress = true;
    // Written over what stands there, and only the rest erased: a line that is cleared first flickers.
    this.#err.write(`\r${fitted(parts, columns - 1)}\x1b[K`);
  }

  #endProgress(): void {
    if (this.#inProgress) this.#err.write('\r\x1b[K');
    this.#inProgress = false;
  }

  /** For people only, and never among the results. */
  note(text: string): void {
    this.#endProgress();
    this.around(() => this.#err.write(`${text}\n`));
  }

  /** @param face whose commands the next step names */
  failure({ code, message: said, hint: next, details }: Failure, face: 'slash' | 'shell' = 'shell'): void {
    const [message, hint] = [inWordsOf(face, said), inWordsOf(face, next)];
    // What a program has been told by an event is not said again among the results.
    if (this.json && details.said !== true) {
      this.say({ event: 'error', code, message, hint, ...(Object.keys(details).length > 0 && { details }) }, []);
    } else {
      this.note(hint === '' ? `p2pchat: ${message}` : `p2pchat: ${message}\n  ${hint}`);
    }
  }
}

const GAP = '  ';

/** As much of a line as fits: what matters least goes first, and nothing is cut in its middle that need not be. */
export function fitted(parts: readonly ProgressPart[], columns: number): string {
  let shown = [...parts];
  const line = (): string => shown.map(({ text }) => text).join(GAP);
  while (line().length > columns && shown.length > 1) {
    const most = Math.max(...shown.map(({ rank }) => rank));
    shown = shown.flatMap((part) => {
      if (part.rank !== most) return [part];
      return part.short === undefined ? [] : [{ text: part.short, rank: -1 }];
    });
  }
  return line().slice(0, columns);
}
