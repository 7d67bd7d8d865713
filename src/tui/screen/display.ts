import type { Cancel, Clock } from '../../base/clock.js';
import type { Overlay } from '../paint/scene.js';
import { THEME_NAMES, type ThemeName } from '../paint/theme.js';
import type { TerminalPort } from './port.js';
import type { Settings } from './settings.js';

const FLASH_MS = 4_000;

interface DisplayInit {
  readonly terminal: TerminalPort;
  readonly clock: Clock;
  readonly settings: Settings;
}

/** How the screen is set: colours, mouse, members, what covers the chat, and the line that says what a key did. */
export class Display {
  readonly #terminal: TerminalPort;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #settings: Settings;
  #overlay: Overlay | undefined;
  #flash = '';
  #flashEnds: Cancel = () => {};

  constructor({ terminal, clock, settings }: DisplayInit, changed: () => void) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#changed = changed;
    this.#settings = settings;
    terminal.setMouse(settings.get('mouse'));
  }

  get theme(): ThemeName {
    return this.#settings.get('theme');
  }

  get mouse(): boolean {
    return this.#settings.get('mouse');
  }

  get members(): boolean {
    return this.#settings.get('members');
  }

  get sidebar(): boolean {
    return this.#settings.get('sidebar');
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
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
    this.#settings.set('theme', name);
    this.say(`Theme: ${name}`);
  }

  nextTheme(): void {
    this.setTheme(THEME_NAMES[(THEME_NAMES.indexOf(this.theme) + 1) % THEME_NAMES.length]!);
  }

  setMouse(on = !this.mouse): void {
    this.#settings.set('mouse', on);
    this.#terminal.setMouse(on);
    this.say(
      on ? 'Mouse on: click a conversation, turn the wheel to read back' : 'Mouse off: the terminal selects text',
    );
  }

  toggleMembers(): void {
    this.#settings.set('members', !this.members);
    this.say(
      this.members ? 'Members beside the log of a group, where there is room' : 'Members hidden: /who lists them',
    );
  }

  toggleSidebar(): void {
    this.#settings.set('sidebar', !this.sidebar);
    this.say(
      this.sidebar
        ? 'The list of conversations is shown where there is room'
        : 'The list is folded: Ctrl+K goes anywhere',
    );
  }

  openOverlay(kind: Overlay['kind']): void {
    this.#overlay = { kind, at: 0 };
  }

  closeOverlay(): void {
    this.#overlay = undefined;
  }

  /** @param end how far it can be moved */
  moveOverlay(by: number, end: number): void {
    if (this.#overlay) this.#overlay = { ...this.#overlay, at: Math.max(0, Math.min(end, this.#overlay.at + by)) };
  }

  /** Everything is sent anew with the next picture. */
  repaint(): void {
    this.#terminal.forget();
  }

  close(): void {
    this.#flashEnds();
  }
}
