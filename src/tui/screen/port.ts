import type { Failure } from '../../base/errors.js';
import type { PictureChoice } from '../graphics/capabilities.js';
import type { InputEvent } from '../input/decoder.js';
import type { Grid } from '../paint/grid.js';
import type { Theme } from '../paint/theme.js';

/** A terminal as the chat needs it; a test has one without a terminal. */
export interface TerminalPort {
  readonly width: number;
  readonly height: number;
  onInput(listener: (event: InputEvent) => void): void;
  onResize(listener: () => void): void;
  /** Shows a picture of the terminal's size; only what changed is sent. @param pictures how those in it are shown */
  paint(grid: Grid, theme: Theme, pictures?: PictureChoice): void;
  /** Forgets what is on the screen: another program may have written there. */
  forget(): void;
  setMouse(on: boolean): void;
  /** Puts text into the clipboard of the terminal. Only ever at a person's command, never at what others write. */
  copy(text: string): void;
  /** The name of the window. */
  setTitle(title: string): void;
  /** Shows text without frames, from the top, wrapped by the terminal itself, until the next picture after `forget`. */
  showPlain(text: string): void;
  /** Another program has the terminal for as long as `use` runs; then everything is shown anew. */
  lend<T>(use: () => Promise<T>): Promise<T>;
  /** A bell, and a desktop notification where one is given and the terminal can show it. */
  notify(text: string): void;
  /** Gives the terminal back as it was. Idempotent, and done when it returns. */
  close(): void;
}

/** How the screen ended: by itself (0 or a Failure's status), or by a signal, as shells count it (128 + number). */
export interface ScreenEnd {
  readonly status: number;
  readonly failure?: Failure;
  /** The last thing the peer said before it ended by itself: it was on the screen, which is gone. */
  readonly said?: string;
}
