import type { Rect } from './grid.js';

/** Where everything stands. A part without room has a width or height of 0. */
export interface Areas {
  readonly sidebar: Rect;
  /** The column between sidebar and conversation; -1 without a sidebar. */
  readonly divider: number;
  readonly title: Rect;
  readonly log: Rect;
  readonly hint: Rect;
  readonly editor: Rect;
  readonly status: Rect;
}

/** The smallest screen that is painted. */
export const MIN_WIDTH = 24;
export const MIN_HEIGHT = 6;

function sidebarWidth(width: number): number {
  if (width < 60) return 0;
  return width < 90 ? 18 : 24;
}

/** @param hint rows wanted for a hint @param editor rows wanted for the editor; it gets at most a third of the screen */
export function areas(width: number, height: number, hint: number, editor: number): Areas {
  const side = sidebarWidth(width);
  const x = side === 0 ? 0 : side + 1;
  const main = Math.max(0, width - x);
  const editorRows = Math.max(1, Math.min(editor, Math.floor(height / 3)));
  const hintRows = Math.min(hint, Math.max(0, height - editorRows - 4));
  const logRows = Math.max(0, height - 3 - editorRows - hintRows);
  return {
    sidebar: { x: 0, y: 0, width: side, height: height - 1 },
    divider: side === 0 ? -1 : side,
    title: { x, y: 0, width: main, height: 1 },
    log: { x, y: 1, width: main, height: logRows },
    hint: { x, y: 1 + logRows, width: main, height: hintRows },
    editor: { x, y: 2 + logRows + hintRows, width: main, height: editorRows },
    status: { x: 0, y: height - 1, width, height: 1 },
  };
}
