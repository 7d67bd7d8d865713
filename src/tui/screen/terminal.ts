import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ReadStream, WriteStream } from 'node:tty';
import blessed, { type Screen } from 'blessed';
import type { Cancel, Clock } from '../../base/clock.js';
import { packageFile } from '../../base/package-files.js';
import { Capabilities, GRAPHICS, type Graphics, type PictureChoice } from '../graphics/capabilities.js';
import { PictureLayer } from '../graphics/layer.js';
import type { Placed } from '../graphics/strip.js';
import { InputDecoder, type InputEvent } from '../input/decoder.js';
import type { Grid } from '../paint/grid.js';
import type { Theme } from '../paint/theme.js';
import { blit } from './cells.js';
import { desktopNotice } from './notice.js';
import type { TerminalPort } from './port.js';

/** A lone Escape is a key when nothing follows it for this long, in milliseconds. */
const ESCAPE_WAIT = 40;

/*
 * Bracketed paste on (2004), focus reports on (1004), no wrapping at the right edge (DECAWM: a wide glyph there must not
 * reach the next row), and no reordering by the terminal (BDSM, ECMA-48 8.3.12), which would undo ours.
 * The window's title is put aside (XTWINOPS 22) and brought back at the end.
 */
const ENTER = '\x1b[22;0t\x1b[?2004h\x1b[?1004h\x1b[?7l';
const LEAVE = '\x1b[23;0t\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[8h\x1b[0m';
/** Presses and wheels only. Switching the motion modes off by name would switch tracking off as a whole in xterm. */
const MOUSE = { vt200Mouse: true, sgrMouse: true };
const NO_MOUSE = { vt200Mouse: false, sgrMouse: false };

/** Whether a full screen can be shown: both ends are terminals, and the terminal can do more than print. */
export function canShowScreen(
  input: { readonly isTTY?: boolean },
  output: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const term = env.TERM ?? (process.platform === 'win32' ? 'windows' : '');
  return input.isTTY === true && output.isTTY === true && term !== '' && term !== 'dumb' && term !== 'unknown';
}

export interface TerminalInit {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the terminal itself is to reorder text from right to left. */
  readonly terminalBidi: boolean;
}

/** blessed asks the environment whether line drawing needs the alternate character set; here it never does. */
function openScreen(output: WriteStream): Screen {
  const before = process.env.NCURSES_NO_UTF8_ACS;
  process.env.NCURSES_NO_UTF8_ACS = '1';
  try {
    return blessed.screen({
      input: new PassThrough(),
      output,
      terminal: packageFile('dist/program/usr/xterm-256color'),
      forceUnicode: true,
      fullUnicode: false,
    });
  } finally {
    if (before === undefined) delete process.env.NCURSES_NO_UTF8_ACS;
    else process.env.NCURSES_NO_UTF8_ACS = before;
  }
}

/** The terminal the program was started in. blessed keeps the cells and sends what changed; input is read here. */
export class Terminal implements TerminalPort {
  readonly #init: TerminalInit;
  readonly #screen: Screen;
  readonly #decoder = new InputDecoder();
  readonly #bytes = new StringDecoder('utf8');
  readonly #pictures = new PictureLayer();
  readonly #capabilities: Capabilities;
  readonly #resized = (): void => this.#onResize();
  readonly #read = (chunk: Buffer): void => this.#feed(chunk);
  /** The terminal may be gone before the program is: writing to it then fails, and there is nobody to tell. */
  readonly #gone = (): void => {};
  #onInput: (event: InputEvent) => void = () => {};
  #onResize: () => void = () => {};
  #escape: Cancel = () => {};
  #closed = false;
  /** Another program has the terminal. */
  #lent = false;
  #mouse = false;
  #title: string | undefined;

  constructor(init: TerminalInit) {
    this.#init = init;
    const { input, output } = init;
    output.on('error', this.#gone);
    input.on('error', this.#gone);
    this.#screen = openScreen(output);
    this.#capabilities = new Capabilities(init.clock, (text) => {
      if (!this.#away) output.write(text);
    });
    this.#take();
    output.on('resize', this.#resized);
  }

  #take(): void {
    const { input, terminalBidi } = this.#init;
    this.#screen.program._write(`${ENTER}\x1b[8${terminalBidi ? 'h' : 'l'}`);
    input.setRawMode(true);
    input.on('data', this.#read);
    input.resume();
  }

  #giveBack(): void {
    const { input } = this.#init;
    this.#escape();
    input.off('data', this.#read);
    this.#screen.program._write(this.#pictures.clear());
    this.#screen.program._write(LEAVE);
  }

  /** The terminal is gone (hang-up): there is no mode left to restore. */
  #cook(): void {
    const { input } = this.#init;
    try {
      input.setRawMode(false);
    } catch {}
    input.pause();
  }

  get width(): number {
    return this.#screen.width;
  }

  get height(): number {
    return this.#screen.height;
  }

  onInput(listener: (event: InputEvent) => void): void {
    this.#onInput = listener;
  }

  onResize(listener: () => void): void {
    this.#onResize = listener;
  }

  #feed(chunk: Buffer): void {
    this.#escape();
    for (const event of this.#decoder.feed(this.#bytes.write(chunk))) {
      if (event.type !== 'answer') this.#onInput(event);
      else if (this.#capabilities.heard(event.text)) this.#onResize();
    }
    if (!this.#decoder.pending) return;
    this.#escape = this.#init.clock.after(ESCAPE_WAIT, () => {
      for (const event of this.#decoder.flush()) this.#onInput(event);
    });
  }

  paint(grid: Grid, theme: Theme, pictures: PictureChoice = 'off'): void {
    if (this.#away) return;
    const { program, lines, olines } = this.#screen;
    blit(grid, theme, lines, olines, this.#isModern);
    const layer = this.#showPictures(grid, pictures);
    this.#screen.draw(0, lines.length - 1);
    const drawn = layer();
    if (drawn !== '') {
      program.flush();
      program._write(drawn);
    }
    if (grid.cursor === undefined) program.hideCursor();
    else {
      program.cup(grid.cursor.y, grid.cursor.x);
      program.showCursor();
    }
    program.flush();
  }

  /** @returns what to send once the cells are written */
  #showPictures(grid: Grid, choice: PictureChoice): () => string {
    const wanted = grid.pictures;
    const { lines, olines } = this.#screen;
    if (wanted.length > 0 && this.#isModern && choice !== 'off' && choice !== 'blocks') this.#capabilities.ask();
    const forced = GRAPHICS.find((each) => each === choice);
    const graphics: Graphics | undefined = forced ?? (choice === 'on' ? this.#capabilities.best : undefined);
    const cellsOf = ({ x, y, columns }: Placed) => [lines[y]?.slice(x, x + columns), olines[y]?.slice(x, x + columns)];
    const touched = new Set(
      wanted.filter((strip) => {
        const [now = [], before = []] = cellsOf(strip);
        return now.some((cell, at) => cell[0] !== before[at]?.[0] || cell[1] !== before[at]?.[1]);
      }),
    );
    const { stale, send } = this.#pictures.show(graphics, wanted, this.#capabilities.cell, (strip) =>
      touched.has(strip),
    );
    for (const strip of stale) {
      for (const cell of olines[strip.y]?.slice(strip.x, strip.x + strip.columns) ?? []) cell[1] = '\0';
      const line = lines[strip.y];
      if (line) line.dirty = true;
    }
    return send;
  }

  forget(): void {
    if (this.#away) return;
    this.#pictures.forget();
    this.#screen.realloc();
  }

  /** Nothing may be written: it would go to somebody else. */
  get #away(): boolean {
    return this.#closed || this.#lent;
  }

  /** The console of Linux prints part of what it doesn't know. */
  get #isModern(): boolean {
    return this.#init.env.TERM !== 'linux';
  }

  copy(text: string): void {
    if (!this.#away) this.#init.output.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`);
  }

  setTitle(title: string): void {
    if (this.#away || title === this.#title || !this.#isModern) return;
    this.#title = title;
    this.#screen.program._write(`\x1b]0;${title.replace(/[\x00-\x1f\x7f-\x9f]/g, '')}\x1b\\`);
  }

  showPlain(text: string): void {
    if (this.#away) return;
    const { program } = this.#screen;
    program.hideCursor();
    program.flush();
    program._write(`\x1b[0m\x1b[H\x1b[2J\x1b[?7h${text.replaceAll('\n', '\r\n')}\x1b[?7l`);
  }

  setMouse(on: boolean): void {
    if (this.#away) return;
    this.#mouse = on;
    this.#screen.program.setMouse(on ? MOUSE : NO_MOUSE, on);
    this.#screen.program.flush();
  }

  notify(text: string): void {
    if (!this.#away) this.#init.output.write(`\x07${text === '' ? '' : desktopNotice(text, this.#init.env)}`);
  }

  async lend<T>(use: () => Promise<T>): Promise<T> {
    const mouse = this.#mouse;
    this.setMouse(false);
    this.#lent = true;
    this.#giveBack();
    this.#screen.leave();
    this.#cook();
    try {
      return await use();
    } finally {
      this.#lent = false;
      if (!this.#closed) {
        this.#screen.enter();
        this.#take();
        this.#title = undefined;
        this.setMouse(mouse);
        this.forget();
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    if (!this.#lent) this.setMouse(false);
    this.#closed = true;
    this.#init.output.off('resize', this.#resized);
    // Whoever has the terminal at the moment gives it back by itself.
    if (this.#lent) return;
    this.#giveBack();
    this.#screen.destroy();
    this.#cook();
  }
}
