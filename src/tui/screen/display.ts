import type { Cancel, Clock } from '../../base/clock.js';
import { THEME_NAMES, type ThemeName } from '../paint/theme.js';
import type { TerminalPort } from './port.js';

const FLASH_MS = 4_000;

interface DisplayInit {
  readonly terminal: TerminalPort;
  readonly clock: Clock;
  readonly theme: ThemeName;
  readonly mouse: boolean;
}

/** How the screen is set: colours, mouse, the help, and the line that says what a key did. */
export class Display {
  readonly #terminal: TerminalPort;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #theme: ThemeName;
  #mouse: boolean;
  #help: number | undefined;
  #flash = '';
  #flashEnds: Cancel = () => {};

  constructor({ terminal, clock, theme, mouse }: DisplayInit, changed: () => void) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#changed = changed;
    this.#theme = theme;
    this.#mouse = mouse;
    terminal.setMouse(mouse);
  }

  get theme(): ThemeName {
    return this.#theme;
  }

  get mouse(): boolean {
    return this.#mouse;
  }

  /** How far the help is scrolled; undefined where it is closed. */
  get help(): number | undefined {
    return this.#help;
  }

  get flash(): string {
    return this.#flash;
  }

  /** A line that goes by itself. */
  say(text: string): void {
    this.#flash = text;
    this.#flashEnds();
    this.#flashEnds = this.#clock.after(FLASH_MS, () => {
      this.#flash = '';
      this.#changed();
    });
  }

  setTheme(name: ThemeName): void {
    this.#theme = name;
    this.say(`Theme: ${name}`);
  }

  nextTheme(): void {
    this.setTheme(THEME_NAMES[(THEME_NAMES.indexOf(this.#theme) + 1) % THEME_NAMES.length]!);
  }

  setMouse(on = !this.#mouse): void {
    this.#mouse = on;
    this.#terminal.setMouse(on);
    this.say(
      on ? 'Mouse on: click a conversation, turn the wheel to read back' : 'Mouse off: the terminal selects text',
    );
  }

  openHelp(): void {
    this.#help = 0;
  }

  closeHelp(): void {
    this.#help = undefined;
  }

  /** @param end how far it can be scrolled */
  scrollHelp(by: number, end: number): void {
    if (this.#help !== undefined) this.#help = Math.max(0, Math.min(end, this.#help + by));
  }

  /** Everything is sent anew with the next picture. */
  repaint(): void {
    this.#terminal.forget();
  }

  close(): void {
    this.#flashEnds();
  }
}
