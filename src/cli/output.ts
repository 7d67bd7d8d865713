import type { Writable } from 'node:stream';
import type { Failure } from '../base/errors.js';
import { jsonLine } from '../base/json-line.js';
import type { ProgressPart } from '../commands/command.js';
import { inWordsOf } from '../commands/words-of-face.js';
import { cleanLine, FAILURE_CAP, printable } from '../wire/text.js';

/**
 * Standard output for results, standard error for everything else. Whatever others had a hand in passes the gate here, last
 * of all: what is given as one line is one line, and nothing in it is obeyed by a terminal.
 */
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
    this.#results(this.json ? [jsonLine(item)] : lines.map(printable));
  }

  /** As `say`; resolves when it has left this program, and is rejected where it can't. */
  hand(item: object, lines: readonly string[]): Promise<void> {
    if (!this.json && lines.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const left = (error?: Error | null): void => (error ? reject(error) : resolve());
      this.#results(this.json ? [jsonLine(item)] : lines.map(printable), left);
    });
  }

  results(lines: readonly string[]): void {
    this.#results(lines.map(printable));
  }

  #results(lines: readonly string[], left?: (error?: Error | null) => void): void {
    if (lines.length === 0) return;
    this.#endProgress();
    this.around(() => this.#out.write(`${lines.join('\n')}\n`, left));
  }

  /** On a terminal, in the place of the progress said before; elsewhere nothing. */
  progress(parts: readonly ProgressPart[]): void {
    if (!('isTTY' in this.#err) || this.#err.isTTY !== true) return;
    const columns = 'columns' in this.#err ? Number(this.#err.columns) : 80;
    this.#inProgress = true;
    // Written over what stands there, and only the rest erased: a line that is cleared first flickers.
    this.#err.write(`\r${fitted(parts.map(shown), columns - 1)}\x1b[K`);
  }

  #endProgress(): void {
    if (this.#inProgress) this.#err.write('\r\x1b[K');
    this.#inProgress = false;
  }

  /** For people only, and never among the results. */
  note(...lines: readonly string[]): void {
    this.#endProgress();
    this.around(() => this.#err.write(`${lines.map(printable).join('\n')}\n`));
  }

  /** @param face whose commands the next step names */
  failure({ code, message: said, hint: next, details }: Failure, face: 'slash' | 'shell' = 'shell'): void {
    const [message, hint] = [inWordsOf(face, said), inWordsOf(face, next)];
    // What a program has been told by an event is not said again among the results.
    if (this.json && details.said !== true) {
      this.say({ event: 'error', code, message, hint, ...(Object.keys(details).length > 0 && { details }) }, []);
    } else {
      const next = cleanLine(hint, FAILURE_CAP);
      this.note(`p2pchat: ${cleanLine(message, FAILURE_CAP)}`, ...(next === '' ? [] : [`  ${next}`]));
    }
  }
}

const shown = ({ text, short, rank }: ProgressPart): ProgressPart => ({
  ...{ text: printable(text), rank },
  ...(short !== undefined && { short: printable(short) }),
});

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
