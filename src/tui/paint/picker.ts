import type { Editor } from '../editor/editor.js';
import { fit, textWidth, toGlyphs } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { Style } from './theme.js';

/** One thing that can be chosen. */
export interface Choice {
  readonly label: string;
  /** What is said of it, behind. */
  readonly detail: string;
  /** How it stands with it, at the right. */
  readonly mark?: { readonly text: string; readonly style: Style };
  /** What is typed is compared with this, where that isn't the label. */
  readonly letters?: string;
  /** Shown only once something is typed: there are too many of its kind. */
  readonly onlyTyped?: true;
  choose(): void;
}

export interface PickerState {
  readonly title: string;
  readonly empty: string;
  readonly editor: Editor;
  /** Those that fit what is typed, best first. */
  readonly choices: readonly Choice[];
  readonly at: number;
}

const LABEL = 28;

function paintChoice(grid: Grid, { label, detail, mark }: Choice, area: Rect, marked: boolean): void {
  const right = area.x + area.width;
  if (marked) grid.fill({ ...area, height: 1 }, 'selected');
  const style = (own: Style): Style => (marked ? 'selected' : own);
  const end = right - (mark === undefined ? 1 : textWidth(mark.text) + 2);
  grid.text(area.x + 1, area.y, fit(label, Math.min(LABEL, end - area.x - 1)), style('text'), end);
  const from = area.x + 1 + Math.max(16, Math.min(LABEL, textWidth(label))) + 2;
  if (from < end - 4) grid.text(from, area.y, fit(detail, end - from - 1), style('dim'), end);
  if (mark) grid.text(right - textWidth(mark.text) - 1, area.y, mark.text, style(mark.style), right);
}

/** What there is to choose from, over the log; what is typed stands above it. */
export function paintPicker(grid: Grid, { title, empty, editor, choices, at }: PickerState, area: Rect): void {
  grid.fill(area, 'text');
  const right = area.x + area.width;
  const x = grid.text(area.x + 1, area.y, `${title}: `, 'accent', right);
  const end = grid.glyphs(x, area.y, toGlyphs(editor.text), 'text', right - 1);
  if (choices.length === 0) grid.text(area.x + 1, area.y + 2, fit(empty, area.width - 2), 'dim', right);
  const room = Math.max(1, area.height - 3);
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), choices.length - room));
  for (const [row, choice] of choices.slice(from, from + room).entries()) {
    paintChoice(grid, choice, { ...area, y: area.y + 1 + row }, from + row === at);
  }
  const keys = 'letters choose · ↑ ↓ · Enter open · Esc close';
  grid.text(area.x + 1, area.y + area.height - 1, fit(keys, area.width - 2), 'dim', right);
  grid.cursor = { x: Math.min(end, right - 1), y: area.y };
}
