import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { IPty } from '@lydell/node-pty';
import pty from '@lydell/node-pty';
import type { Terminal as HeadlessTerminal } from '@xterm/headless';

const require = createRequire(import.meta.url);
const { Terminal } = require('@xterm/headless') as typeof import('@xterm/headless');
const { Unicode11Addon } = require('@xterm/addon-unicode11') as typeof import('@xterm/addon-unicode11');

export interface TerminalInit {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Keys as a terminal sends them. */
export const KEY = {
  enter: '\r',
  altEnter: '\x1b\r',
  escape: '\x1b',
  tab: '\t',
  up: '\x1b[A',
  down: '\x1b[B',
  left: '\x1b[D',
  right: '\x1b[C',
  home: '\x1b[H',
  end: '\x1b[F',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
  backspace: '\x7f',
  altUp: '\x1b[1;3A',
  altDown: '\x1b[1;3B',
  f1: '\x1bOP',
  f2: '\x1bOQ',
  f3: '\x1bOR',
  f4: '\x1bOS',
  f5: '\x1b[15~',
  f6: '\x1b[17~',
  ctrl: (letter: string): string => String.fromCharCode(letter.charCodeAt(0) & 31),
} as const;

export interface ScreenCell {
  readonly text: string;
  readonly width: number;
  readonly look: {
    readonly fg: number;
    readonly bg: number;
    readonly bold: boolean;
    readonly underline: boolean;
    readonly inverse: boolean;
    readonly hidden: boolean;
  };
}

const NO_LOOK = { fg: -1, bg: -1, bold: false, underline: false, inverse: false, hidden: false };
const NO_CELL: ScreenCell = { text: '', width: 0, look: NO_LOOK };

/** What is on the screen of a headless terminal. */
export class ScreenText {
  readonly #terminal: HeadlessTerminal;

  constructor(terminal: HeadlessTerminal) {
    this.#terminal = terminal;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  /** One row, its trailing blanks cut off. */
  line(y: number): string {
    const buffer = this.#terminal.buffer.active;
    return buffer.getLine(buffer.viewportY + y)?.translateToString(true) ?? '';
  }

  get lines(): string[] {
    return Array.from({ length: this.rows }, (_, y) => this.line(y));
  }

  get text(): string {
    return this.lines.join('\n');
  }

  has(text: string): boolean {
    return this.text.includes(text);
  }

  /** The row that holds `text`, or -1. */
  find(text: string): number {
    return this.lines.findIndex((line) => line.includes(text));
  }

  /** What stands in a cell and how: '' in the second half of a wide character; colours are -1 or of the palette of 256. */
  cell(x: number, y: number): ScreenCell {
    const buffer = this.#terminal.buffer.active;
    const cell = buffer.getLine(buffer.viewportY + y)?.getCell(x);
    if (cell === undefined) return NO_CELL;
    const look = {
      fg: cell.isFgDefault() ? -1 : cell.getFgColor(),
      bg: cell.isBgDefault() ? -1 : cell.getBgColor(),
      bold: cell.isBold() !== 0,
      underline: cell.isUnderline() !== 0,
      inverse: cell.isInverse() !== 0,
      hidden: cell.isInvisible() !== 0 || cell.isBlink() !== 0,
    };
    return { text: cell.getChars() || ' '.repeat(Math.min(1, cell.getWidth())), width: cell.getWidth(), look };
  }

  /** Cells of a row between two columns, one string each. */
  cells(y: number, from = 0, to = this.columns): string[] {
    return Array.from({ length: to - from }, (_, at) => this.cell(from + at, y).text);
  }

  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX: x, cursorY: y } = this.#terminal.buffer.active;
    return { x, y };
  }

  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  get modes(): HeadlessTerminal['modes'] {
    return this.#terminal.modes;
  }

  get title(): string {
    return titles.get(this.#terminal) ?? '';
  }
}

const titles = new WeakMap<HeadlessTerminal, string>();

/** One byte, which cannot be read in parts, and which no program writes to a terminal. */
const MARK = '\0';

/**
 * What is written right before a terminal's last program ends may never be read: libuv takes the hang-up that comes with a
 * part of it for the end, and the library lets go after 200 ms. So this process keeps the terminal open too, and is through
 * when it has read a mark which it writes behind everything.
 */
class LastWords {
  readonly #socket: Socket;
  #open: number | undefined;
  readonly #destroy: () => void;

  constructor(of: IPty) {
    const { _socket: socket, _pty: path } = of as unknown as { _socket: Socket; _pty: string };
    this.#socket = socket;
    this.#open = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    this.#destroy = socket.destroy.bind(socket);
    socket.destroy = () => {
      if (this.#open === undefined) this.#destroy();
      else writeSync(this.#open, MARK);
      return socket;
    };
  }

  /** What was read, without the mark. */
  without(read: string): string {
    if (!read.includes(MARK)) return read;
    this.forgo();
    this.#socket.destroy();
    return read.replace(MARK, '');
  }

  /** The terminal's own end is closed at once, as when its window is. */
  hangUp(): void {
    this.forgo();
    this.#destroy();
  }

  /** Nobody waits for them. */
  forgo(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }
}

/** A program in a pseudo-terminal, read as a person would read it. */
export class TerminalSession {
  readonly screen: ScreenText;
  readonly #pty: IPty;
  readonly #terminal: HeadlessTerminal;
  readonly #watchers = new Set<() => void>();
  readonly #lastWords: LastWords;
  /** All that was written to the terminal, as it was. */
  output = '';
  /** Exit status, or 128 and more where a signal ended it. */
  readonly exit: Promise<number>;
  #running = true;

  constructor(file: string, args: readonly string[], { columns = 100, rows = 30, env = {} }: TerminalInit = {}) {
    this.#terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#terminal.onTitleChange((title) => titles.set(this.#terminal, title));
    this.screen = new ScreenText(this.#terminal);
    const inherited = Object.entries(process.env).filter(
      ([name, value]) => value !== undefined && !/^(NO_COLOR|TMUX)$/.test(name),
    );
    this.#pty = pty.spawn(file, [...args], {
      name: env.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      env: {
        ...(Object.fromEntries(inherited) as Record<string, string>),
        LANG: 'C.UTF-8',
        ...env,
      },
    });
    this.#terminal.onData((reply) => this.#running && this.#pty.write(reply));
    this.#lastWords = new LastWords(this.#pty);
    this.#pty.onData((read) => {
      const data = this.#lastWords.without(read);
      this.output += data;
      this.#terminal.write(data, () => this.#look());
    });
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        this.#running = false;
        this.#terminal.write('', () => this.#look());
        resolve(signal ? 128 + signal : exitCode);
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  write(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Resolves when the screen looks as wanted; fails with the screen as it is where it doesn't come to that. */
  waitFor(wanted: (screen: ScreenText) => boolean, what = wanted.toString(), timeout = 15_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#watchers.delete(look);
        clearTimeout(timer);
      };
      const look = (): void => {
        if (!wanted(this.screen)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not seen within ${timeout} ms: ${what}\n${this.screen.text}`));
      }, timeout);
      this.#watchers.add(look);
      look();
    });
  }

  waitForText(text: string): Promise<void> {
    return this.waitFor((screen) => screen.has(text), JSON.stringify(text));
  }

  /** Closes the terminal under the program. */
  hangUp(): void {
    this.#lastWords.hangUp();
  }

  async close(): Promise<void> {
    this.#lastWords.forgo();
    if (this.#running) this.#pty.kill('SIGKILL');
    await this.exit;
    this.#terminal.dispose();
  }
}
