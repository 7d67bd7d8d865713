declare module 'arabic-persian-reshaper' {
  interface Shaper {
    /** Letters in their contextual presentation forms, in logical order. */
    convertArabic(text: string): string;
  }
  const reshaper: { readonly PersianShaper: Shaper; readonly ArabicShaper: Shaper };
  export default reshaper;
}

/** The part of blessed 0.1.81 that is used; lib/widgets/screen.js and lib/program.js. */
declare module 'blessed' {
  import type { Readable, Writable } from 'node:stream';

  /** Attribute (flags << 18 | foreground << 9 | background, 0x1ff for the terminal's own) and what stands there. */
  export type ScreenCell = [attribute: number, text: string];
  export type ScreenLine = ScreenCell[] & { dirty: boolean };

  export interface Program {
    readonly cursorHidden: boolean;
    cup(row: number, column: number): void;
    showCursor(): void;
    hideCursor(): void;
    flush(): void;
    setMouse(modes: Readonly<Record<string, boolean>>, enable: boolean): void;
    _write(text: string): void;
  }

  export interface Screen {
    readonly program: Program;
    readonly width: number;
    readonly height: number;
    /** What is to be on the screen, and what is there. */
    readonly lines: ScreenLine[];
    readonly olines: ScreenCell[][];
    draw(fromRow: number, toRow: number): void;
    /** Forgets what is on the screen, so that the next drawing paints everything. */
    realloc(): void;
    /** Back to what the terminal showed before, until `enter`. */
    leave(): void;
    enter(): void;
    destroy(): void;
  }

  export interface ScreenOptions {
    readonly input: Readable;
    readonly output: Writable;
    readonly terminal: string;
    readonly forceUnicode: boolean;
    readonly fullUnicode: boolean;
  }

  const blessed: { screen(options: ScreenOptions): Screen };
  export default blessed;
}
