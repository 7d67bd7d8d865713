import type { Entry } from '../log/entry.js';
import { HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';
import { shortTime } from '../paint/log.js';
import type { Choice } from '../paint/picker.js';
import { textWidth } from '../text/glyphs.js';
import type { Display } from './display.js';
import type { Picker } from './picker.js';
import type { TerminalPort } from './port.js';

interface PlainHost {
  readonly model: ChatModel;
  readonly terminal: TerminalPort;
  readonly display: Display;
  readonly picker: Picker;
}

/** Beyond this terminals drop the whole of it without a word (xterm: 100,000 characters of base64). */
const CLIPBOARD_BYTES = 70_000;
/** So many are offered to be copied. */
const OFFERED = 200;

const plainText = ({ text, transfer, upload }: Entry): string =>
  transfer?.event.files.map(({ path, name }) => path ?? name).join('\n') ?? (text === '' ? (upload?.name ?? '') : text);

const headOf = ({ from, at }: Entry): string => (from === '' ? '' : `— ${from}, ${shortTime(at)}\n`);

/** Taking text out of the chat: into the terminal's clipboard, or shown without frames to be selected. */
export class Plain {
  readonly #host: PlainHost;
  /** How many of the newest entries are below the bare view; undefined while it isn't shown. */
  #below: number | undefined;
  #above = false;
  #shownEntries = 1;

  constructor(host: PlainHost) {
    this.#host = host;
  }

  get shown(): boolean {
    return this.#below !== undefined;
  }

  /** @param back 1 for the newest thing in the open conversation, 2 for the one before */
  copy(back: number): void {
    const entry = this.#entries().at(-back);
    if (entry) this.#copy(entry);
    else this.#host.display.say(`There is no ${back}. thing to copy here`);
  }

  /** What can be copied of the open conversation, newest first. */
  choose(): void {
    const newest = this.#entries().slice(-OFFERED).reverse();
    const choices = newest.map((entry, at): Choice => {
      const label = `${at + 1} ${entry.from}`;
      const said = plainText(entry).replace(/\s+/g, ' ');
      return { label, detail: said, letters: `${label} ${said}`, choose: () => this.#copy(entry) };
    });
    this.#host.picker.open('Copy', choices, 'There is nothing to copy here. Esc closes.');
  }

  #copy(entry: Entry): void {
    const { terminal, display } = this.#host;
    const text = plainText(entry);
    if (Buffer.byteLength(text) > CLIPBOARD_BYTES) {
      display.say('Too long for the clipboard of a terminal: F7 shows it without frames');
      return;
    }
    terminal.copy(text);
    display.say(
      `${text.length.toLocaleString('en')} characters are in the clipboard, if this terminal allows it (OSC 52)`,
    );
  }

  #entries(): Entry[] {
    const { log } = this.#host.model.current;
    return Array.from({ length: log.length }, (_, at) => log.at(at)!).filter((entry) => plainText(entry) !== '');
  }

  /** The open conversation without frames. The mouse is the terminal's until it is closed. */
  open(): void {
    this.#below = 0;
    this.#host.terminal.setMouse(false);
    this.#show();
  }

  close(): void {
    const { terminal, display } = this.#host;
    this.#below = undefined;
    terminal.setMouse(display.mouse);
    terminal.forget();
  }

  /** @param by 1 a page towards the oldest, -1 back */
  page(by: number): void {
    if (this.#below === undefined || (by > 0 && !this.#above)) return;
    this.#below = Math.max(0, this.#below + by * Math.max(1, this.#shownEntries));
    this.#show();
  }

  /** Anew, at another size. */
  refresh(): void {
    if (this.shown) this.#show();
  }

  #show(): void {
    const { terminal, model } = this.#host;
    const entries = this.#entries();
    const last = entries.length - (this.#below ?? 0);
    const blocks: string[] = [];
    let rows = terminal.height - 2;
    let at = last;
    while (at > 0) {
      const block = `${headOf(entries[at - 1]!)}${plainText(entries[at - 1]!)}`;
      rows -= rowsOf(block, terminal.width);
      if (rows < 0 && blocks.length > 0) break;
      blocks.unshift(block);
      at -= 1;
    }
    this.#shownEntries = blocks.length;
    this.#above = at > 0;
    const name = model.selected === HOME ? 'p2pchat' : model.selected;
    const keys = `${name} · select with the mouse · PgUp PgDn · Esc back`;
    terminal.showPlain([`\x1b[7m ${keys.slice(0, terminal.width - 2)} \x1b[0m`, ...blocks].join('\n'));
  }
}

const rowsOf = (text: string, width: number): number =>
  text.split('\n').reduce((rows, line) => rows + Math.max(1, Math.ceil(textWidth(line) / width)), 0);
