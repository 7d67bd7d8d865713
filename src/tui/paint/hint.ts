import type { PendingPaste } from '../editor/editor.js';
import { fit, textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';

const OFFERS = 8;

const count = (amount: number): string => amount.toLocaleString('en');

/** The first that fits; the shortest where none does. */
const fitting = (width: number, ...texts: readonly string[]): string =>
  texts.find((text) => textWidth(text) <= width) ?? texts.at(-1)!;

function pasteText({ text, lines, tooLong }: PendingPaste, width: number): string {
  if (!tooLong) {
    const asked = `Paste ${count(lines)} lines?`;
    return fitting(
      width,
      `${asked} Enter: into the editor · F: send as a file · Esc: drop`,
      `${asked} Enter: here · F: file · Esc: drop`,
    );
  }
  const much = `${count(text.length)} characters`;
  return fitting(
    width,
    `paste.txt, ${much}: too long for a message. Enter sends it as a file · Esc keeps it in the line`,
    `paste.txt, ${much}: Enter sends a file · Esc keeps it`,
    `${much}: Enter file · Esc keep`,
  );
}

/** The line above the editor: a question, a search, or what Tab offers. '' where there is nothing to say. */
export function hintText({ editor, search, prompt, reply }: ChatScene, width = Number.POSITIVE_INFINITY): string {
  if (prompt) return 'Enter to go on, Esc to give up';
  const paste = editor.pendingPaste;
  if (paste) return pasteText(paste, width);
  if (search) {
    if (search.found === undefined) return 'Search this conversation: Enter to find, Esc to close';
    if (search.found.length === 0) return 'Nothing found. Try fewer or other words; Esc to close';
    return `${search.at + 1} of ${search.found.length} · ↑ older · ↓ newer · Esc to close`;
  }
  const { options, at } = editor.offers;
  if (options.length === 0)
    return reply === undefined ? '' : `Reply to ${reply.from} · Esc: no reply · ╭ ${reply.text}`;
  const from = Math.max(0, Math.min(at - 2, options.length - OFFERS));
  const shown = options
    .slice(from, from + OFFERS)
    .map((option, index) => (from + index === at ? `[${option.trim()}]` : option.trim()));
  return `${shown.join('  ')}${options.length > from + OFFERS ? '  …' : ''}`;
}

export function paintHint(grid: Grid, text: string, area: Rect): void {
  if (area.height > 0) grid.text(area.x + 1, area.y, fit(text, area.width - 2), 'accent');
}
