import { TEXT_BYTES } from '../../wire/limits.js';
import { cleanWhole } from '../../wire/text.js';
import {
  after,
  type Buffer,
  before,
  EMPTY,
  insert,
  lineEnd,
  lineStart,
  moveTo,
  splice,
  vertical,
  wordAfter,
  wordBefore,
} from './buffer.js';
import { type Completer, commonPrefix } from './completion.js';
import { InputHistory } from './history.js';

const UNDO_KEPT = 200;
/** Pasted lines from which on a person is asked first. */
const MANY_LINES = 5;

interface Cycle {
  readonly from: number;
  readonly options: readonly string[];
  readonly at: number;
}

/** Pasted text that a person is asked about. */
export interface PendingPaste {
  readonly text: string;
  readonly lines: number;
  /** With what stands in the line already it is more than one message holds. */
  readonly tooLong: boolean;
  /** It stands in the line already. */
  readonly standing?: true;
}

const isTooLong = (text: string): boolean => text.length * 3 > TEXT_BYTES && Buffer.byteLength(text) > TEXT_BYTES;

export interface EditorOptions {
  /** A password or a name: newlines become nothing, nothing is kept in the history. */
  readonly oneLine?: boolean;
  readonly completer?: Completer;
}

/** The line being written: edited by graphemes, with undo, a kill buffer, history, completion and careful pasting. */
export class Editor {
  readonly #options: EditorOptions;
  readonly #history = new InputHistory();
  #buffer: Buffer = EMPTY;
  #undo: Buffer[] = [];
  #typing = false;
  #killed = '';
  #cycle: Cycle | undefined;
  #pasted: PendingPaste | undefined;

  constructor(options: EditorOptions = {}) {
    this.#options = options;
  }

  get text(): string {
    return this.#buffer.text;
  }

  get cursor(): number {
    return this.#buffer.cursor;
  }

  /** What waits for `keepPaste`, `takePaste` or `dropPaste`: it has many lines, or more than a message holds. */
  get pendingPaste(): PendingPaste | undefined {
    return this.#pasted;
  }

  /** More stands here than one message holds. */
  get isTooLong(): boolean {
    return isTooLong(this.text);
  }

  /** What completion offers at the moment, for showing; empty outside a completion. */
  get offers(): { readonly options: readonly string[]; readonly at: number } {
    return { options: this.#cycle?.options ?? [], at: this.#cycle?.at ?? -1 };
  }

  #set(next: Buffer, typing = false): void {
    if (next.text !== this.#buffer.text && !(typing && this.#typing)) {
      this.#undo.push(this.#buffer);
      if (this.#undo.length > UNDO_KEPT) this.#undo.shift();
    }
    this.#typing = typing && next.text !== this.#buffer.text;
    this.#buffer = next;
    this.#cycle = undefined;
  }

  /** What the keyboard gave. A space ends an undo step, so that words come back one by one. */
  type(text: string): void {
    const clean = this.#clean(text);
    this.#set(insert(this.#buffer, clean), clean !== ' ');
  }

  newline(): void {
    if (this.#options.oneLine !== true) this.#set(insert(this.#buffer, '\n'));
  }

  /** Puts pasted text in at the caret, or keeps it for a question where there is much of it. Never sends, never cuts. */
  paste(text: string): void {
    const clean = (this.#pasted?.standing ? '' : (this.#pasted?.text ?? '')) + this.#clean(text);
    const lines = clean.split('\n').length;
    const tooLong = this.#options.oneLine !== true && isTooLong(this.text + clean);
    if (lines >= MANY_LINES || tooLong) this.#pasted = { text: clean, lines, tooLong };
    else {
      this.#pasted = undefined;
      this.#set(insert(this.#buffer, clean));
    }
  }

  /** What stands in the line is more than a message holds: a person is asked what to do with it. */
  askAboutLength(): void {
    const { text } = this;
    this.#pasted = { text, lines: text.split('\n').length, tooLong: true, standing: true };
  }

  /** It belongs in the line. */
  keepPaste(): void {
    const pasted = this.#pasted;
    this.#pasted = undefined;
    if (pasted !== undefined && pasted.standing !== true) this.#set(insert(this.#buffer, pasted.text));
  }

  /** It goes somewhere else. Undo brings back what stood in the line. */
  takePaste(): string {
    const pasted = this.#pasted;
    this.#pasted = undefined;
    if (pasted?.standing) this.set('');
    return pasted?.text ?? '';
  }

  /** What was not in the line yet is gone. */
  dropPaste(): void {
    this.#pasted = undefined;
  }

  /** Replaces everything, the caret at the end: a draft, a line of the history. */
  set(text: string): void {
    this.#set({ text, cursor: text.length });
  }

  /** Empties the editor and forgets what could bring its text back: the kill buffer and undo. */
  wipe(): void {
    this.#buffer = EMPTY;
    this.#undo = [];
    this.#killed = '';
    this.#pasted = undefined;
    this.#cycle = undefined;
  }

  /** Gives the text, remembers it and starts anew. */
  submit(): string {
    const { text } = this.#buffer;
    if (this.#options.oneLine !== true) this.#history.add(text);
    this.#buffer = EMPTY;
    this.#undo = [];
    this.#typing = false;
    this.#cycle = undefined;
    return text;
  }

  left(): void {
    this.#set(moveTo(this.#buffer, before(this.text, this.cursor)));
  }

  right(): void {
    this.#set(moveTo(this.#buffer, after(this.text, this.cursor)));
  }

  wordLeft(): void {
    this.#set(moveTo(this.#buffer, wordBefore(this.#buffer)));
  }

  wordRight(): void {
    this.#set(moveTo(this.#buffer, wordAfter(this.#buffer)));
  }

  home(): void {
    this.#set(moveTo(this.#buffer, lineStart(this.#buffer)));
  }

  end(): void {
    this.#set(moveTo(this.#buffer, lineEnd(this.#buffer)));
  }

  /** A line up; above the first line, the entry sent before. */
  up(): void {
    const moved = vertical(this.#buffer, -1);
    const entry = moved === undefined ? this.#history.previous(this.text) : undefined;
    if (moved !== undefined) this.#set(moved);
    else if (entry !== undefined) this.set(entry);
  }

  /** A line down; below the last line, the entry sent after. */
  down(): void {
    const moved = vertical(this.#buffer, 1);
    const entry = moved === undefined ? this.#history.next() : undefined;
    if (moved !== undefined) this.#set(moved);
    else if (entry !== undefined) this.set(entry);
  }

  backspace(): void {
    this.#set(splice(this.#buffer, before(this.text, this.cursor), this.cursor));
  }

  delete(): void {
    this.#set(splice(this.#buffer, this.cursor, after(this.text, this.cursor)));
  }

  killWordBefore(): void {
    this.#kill(wordBefore(this.#buffer), this.cursor);
  }

  killWordAfter(): void {
    this.#kill(this.cursor, wordAfter(this.#buffer));
  }

  killToStart(): void {
    this.#kill(lineStart(this.#buffer), this.cursor);
  }

  /** To the end of the line; at its end, the line break. */
  killToEnd(): void {
    const end = lineEnd(this.#buffer);
    this.#kill(this.cursor, end === this.cursor ? after(this.text, end) : end);
  }

  yank(): void {
    this.#set(insert(this.#buffer, this.#killed));
  }

  undo(): void {
    const last = this.#undo.pop();
    if (last !== undefined) this.#buffer = last;
    this.#typing = false;
    this.#cycle = undefined;
  }

  /** Completes the word before the caret as far as it is clear; again, walks through what it may be. */
  complete(backwards = false): void {
    if (this.#cycle === undefined) this.#begin();
    else this.#turn(this.#cycle, backwards ? -1 : 1);
  }

  #begin(): void {
    const found = this.#options.completer?.(this.text, this.cursor);
    if (found === undefined || found.options.length === 0) return;
    const prefix = commonPrefix(found.options);
    const grown = prefix.length > this.cursor - found.from || found.options.length === 1;
    if (grown) this.#set(splice(this.#buffer, found.from, this.cursor, prefix));
    if (found.options.length > 1) this.#cycle = { ...found, at: -1 };
  }

  #turn(cycle: Cycle, by: number): void {
    const at = (cycle.at + by + cycle.options.length + (cycle.at < 0 && by < 0 ? 1 : 0)) % cycle.options.length;
    this.#set(splice(this.#buffer, cycle.from, this.cursor, cycle.options[at]));
    this.#cycle = { ...cycle, at };
  }

  #kill(from: number, to: number): void {
    if (from === to) return;
    this.#killed = this.text.slice(from, to);
    this.#set(splice(this.#buffer, from, to));
  }

  /** Cleaned as the continuation of something: a mark or a joiner typed by itself belongs to what stands before it. */
  #clean(text: string): string {
    const clean = cleanWhole(`0${text.replace(/\r\n?/g, '\n')}`).slice(1);
    return this.#options.oneLine === true ? clean.replace(/[\n\t]/g, '') : clean;
  }
}
