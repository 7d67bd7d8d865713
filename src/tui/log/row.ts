import type { Strip } from '../graphics/strip.js';
import type { Look, Style } from '../paint/theme.js';
import type { Glyph } from '../text/glyphs.js';
import type { BidiMode } from '../text/layout.js';

/** Part of a row: glyphs in their visual order from a column on. */
export interface Part {
  readonly x: number;
  readonly glyphs: readonly Glyph[];
  readonly style: Style;
  /** Stretches of the entry's logical text that look otherwise. */
  readonly marks?: readonly Mark[];
  /** How each glyph looks, where every one looks otherwise. */
  readonly looks?: readonly Look[];
  /** The part of a picture that stands there, for terminals that can show it. */
  readonly strip?: Strip;
}

export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly style: Style;
  /** Where it leads. */
  readonly href?: string;
}

export interface LogRow {
  readonly parts: readonly Part[];
  /** The entry it belongs to, for the mouse and for tests. */
  readonly id: string;
}

export interface RowStyle {
  readonly width: number;
  readonly bidi: BidiMode;
  /** Lower case; '' where nothing is searched. */
  readonly search: string;
  /** `HH:MM` of a time, local. */
  readonly clock: (at: number) => string;
  /** The person's own folder: paths in it begin with `~`. */
  readonly home?: string;
  /** Whether small pictures are shown. */
  readonly pictures?: boolean;
}
