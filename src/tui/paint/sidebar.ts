import type { PresenceState } from '../../wire/directory.js';
import type { Conversation } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';
import { fit, textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { Style } from './theme.js';

const PRESENCE: Readonly<Record<PresenceState, { readonly text: string; readonly style: Style }>> = {
  online: { text: '●', style: 'ok' },
  away: { text: '◐', style: 'warn' },
  offline: { text: '○', style: 'dim' },
};

/** Presence and trust of whom a conversation is with; of groups nothing. */
export function marksOf(model: ChatModel, id: string): { readonly text: string; readonly style: Style }[] {
  if (!id.startsWith('@')) return [{ text: id[0]!, style: 'dim' }];
  const person = model.people.get(id.slice(1));
  const marks = [PRESENCE[person?.presence ?? 'offline']];
  if (person?.trust === 'verified') marks.push({ text: '✓', style: 'ok' });
  if (person?.trust === 'changed' || person?.trust === 'revoked') marks.push({ text: '!', style: 'error' });
  return marks;
}

function count({ unread, mentions }: Conversation): string {
  if (unread === 0) return '';
  const shown = unread > 999 ? '999+' : String(unread);
  return mentions > 0 ? `@${shown}` : shown;
}

/** Which conversation stands in a row of the sidebar: for the mouse, and for keeping the open one in sight. */
export function sidebarOrder(model: ChatModel, rows: number): readonly Conversation[] {
  const order = model.order;
  const open = order.findIndex(({ id }) => id === model.selected);
  const from = Math.max(0, Math.min(open - Math.floor(rows / 2), order.length - rows));
  return order.slice(from, from + rows);
}

function paintConversation(grid: Grid, model: ChatModel, conversation: Conversation, area: Rect, y: number): void {
  const { id, unread } = conversation;
  const open = id === model.selected;
  const style: Style = open ? 'selected' : unread > 0 ? 'unread' : 'text';
  const right = area.x + area.width;
  if (open) grid.fill({ x: area.x, y, width: area.width, height: 1 }, 'selected');
  let x = area.x + 1;
  for (const mark of marksOf(model, id)) x = grid.text(x, y, mark.text, open ? 'selected' : mark.style, right);
  const counted = count(conversation);
  const room = right - x - 2 - (counted === '' ? 0 : counted.length + 1);
  grid.text(x + 1, y, fit(id.slice(1), Math.max(1, room)), style, right);
  grid.text(right - textWidth(counted) - 1, y, counted, open ? 'selected' : 'unread', right);
}

export function paintSidebar(grid: Grid, model: ChatModel, area: Rect): void {
  if (area.width === 0) return;
  grid.text(area.x + 1, area.y, fit(`p2pchat · ${model.user}`, area.width - 2), 'title');
  for (const [row, conversation] of sidebarOrder(model, area.height - 2).entries()) {
    paintConversation(grid, model, conversation, area, area.y + 2 + row);
  }
}
