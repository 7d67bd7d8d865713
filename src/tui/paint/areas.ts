import type { Rect } from './grid.js';

/** Where everything stands. A part without room has a width or height of 0. */
export interface Areas {
  readonly sidebar: Rect;
  /** The column between sidebar and conversation; -1 without a sidebar. */
  readonly divider: number;
  readonly title: Rect;
  readonly log: Rect;
  /** The newest pinned message, above the log. */
  readonly pins: Rect;
  /** Who is in a group, right of the log. */
  readonly members: Rect;
  readonly hint: Rect;
  readonly editor: Rect;
  readonly status: Rect;
}

export interface Wanted {
  /** Rows. */
  readonly hint: number;
  readonly pins: number;
  /** Rows; it gets at most a third of the screen. */
  readonly editor: number;
  readonly members: boolean;
  /** The conversations at the left, where there is room. */
  readonly sidebar: boolean;
}

/** The smallest screen that is painted. */
export const MIN_WIDTH = 24;
export const MIN_HEIGHT = 6;

const MEMBERS_WIDTH = 20;
/** With less left for the log, the members don't get a place. */
const LOG_WIDTH = 60;

/** With less than this the list folds away, so that texts have room: Ctrl+K is the list then. */
const SIDEBAR_FROM = 76;
/** Longer lines lose the eye on the way back, and put what runs from right to left far from everything. */
const LOG_WIDEST = 122;

function sidebarWidth(width: number, wanted: boolean): number {
  if (!wanted || width < SIDEBAR_FROM) return 0;
  return width < 90 ? 18 : 24;
}

export function areas(width: number, height: number, wanted: Wanted): Areas {
  const side = sidebarWidth(width, wanted.sidebar);
  const x = side === 0 ? 0 : side + 1;
  const main = Math.max(0, width - x);
  const editorRows = Math.max(1, Math.min(wanted.editor, Math.floor(height / 3)));
  const hintRows = Math.min(wanted.hint, Math.max(0, height - editorRows - 4));
  const pinRows = Math.min(wanted.pins, Math.max(0, height - editorRows - hintRows - 8));
  const logRows = Math.max(0, height - 3 - editorRows - hintRows - pinRows);
  const membersWidth = wanted.members && main - 2 - MEMBERS_WIDTH >= LOG_WIDTH ? MEMBERS_WIDTH : 0;
  // A column on either side is left free: text that touches a line is hard to read.
  const inner = Math.max(0, main - 2);
  const logWidth = Math.min(LOG_WIDEST, membersWidth === 0 ? inner : inner - membersWidth);
  return {
    sidebar: { x: 0, y: 0, width: side, height: height - 1 },
    divider: side === 0 ? -1 : side,
    title: { x, y: 0, width: main, height: 1 },
    pins: { x: x + 1, y: 1, width: inner, height: pinRows },
    log: { x: x + 1, y: 1 + pinRows, width: logWidth, height: logRows },
    members: { x: x + logWidth + 2, y: 1 + pinRows, width: membersWidth, height: logRows },
    hint: { x, y: 1 + pinRows + logRows, width: main, height: hintRows },
    editor: { x: x + 1, y: 2 + pinRows + logRows + hintRows, width: Math.min(inner, LOG_WIDEST), height: editorRows },
    status: { x: 0, y: height - 1, width, height: 1 },
  };
}
