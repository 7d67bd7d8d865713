import type { PresenceState } from '../../wire/directory.js';
import { type Conversation, HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';
import { isWaiting } from '../model/transfers.js';
import { fit, textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { Style } from './theme.js';

interface Mark {
  readonly text: string;
  readonly style: Style;
}

export const PRESENCE: Readonly<Record<PresenceState, Mark>> = {
  online: { text: '●', style: 'ok' },
  away: { text: '◐', style: 'warn' },
  offline: { text: '○', style: 'dim' },
};

/** Presence and trust of whom a conversation is with; of groups nothing. */
export function marksOf(model: ChatModel, id: string): Mark[] {
  if (id === HOME) return [];
  if (!id.startsWith('@')) return [{ text: id[0]!, style: 'dim' }];
  const person = model.people.get(id.slice(1));
  const silent = person?.presence !== 'offline' && person?.link?.state === 'silent';
  const marks = [silent ? { text: '◌', style: 'warn' as const } : PRESENCE[person?.presence ?? 'offline']];
  if (person?.trust === 'verified') marks.push({ text: '✓', style: 'ok' });
  if (person?.trust === 'changed' || person?.trust === 'revoked') marks.push({ text: '!', style: 'error' });
  return marks;
}

/** A row of the sidebar: a conversation, or the name of what follows. */
export interface SidebarRow {
  readonly head?: string;
  readonly conversation?: Conversation;
}

function section(head: string, conversations: readonly Conversation[]): SidebarRow[] {
  if (conversations.length === 0) return [];
  return [{}, { head }, ...conversations.map((conversation) => ({ conversation }))];
}

/** What stands in the rows of the sidebar, the open conversation in sight. */
export function sidebarRows(model: ChatModel, height: number): readonly SidebarRow[] {
  const order = model.order.filter(({ id }) => id !== HOME);
  const groups = order.filter(({ id }) => id.startsWith('#'));
  const people = order.filter(({ id }) => id.startsWith('@'));
  const rows = [...section('Groups', groups), ...section('People', people)];
  const room = Math.max(0, height - 1);
  const open = rows.findIndex(({ conversation }) => conversation?.id === model.selected);
  const from = Math.max(0, Math.min(open - Math.floor(room / 2), rows.length - room));
  return [{ conversation: model.conversation(HOME) }, ...rows.slice(from, from + room)];
}

/** What stands at the right of a conversation's row: an invitation, an offer, or how much is unread. */
function badge(model: ChatModel, { id, unread, mentions, draft }: Conversation): Mark {
  const shown = unread > 999 ? '999+' : String(unread);
  const offered = model.transfers.in(id).some(({ event }) => isWaiting(event));
  if (model.groups.get(id)?.state === 'invited') return { text: 'invited', style: 'warn' };
  if (offered) return { text: unread > 0 ? `⇣${shown}` : '⇣', style: 'warn' };
  if (unread === 0) return { text: draft === '' ? '' : 'draft', style: 'dim' };
  return { text: mentions > 0 ? `@${shown}` : shown, style: mentions > 0 ? 'mention' : 'unread' };
}

function paintConversation(grid: Grid, model: ChatModel, { conversation }: SidebarRow, area: Rect, y: number): void {
  const { id, unread, number } = conversation!;
  const open = id === model.selected;
  const left = model.groups.get(id)?.state === 'none';
  const style: Style = open ? 'selected' : unread > 0 ? 'unread' : left ? 'dim' : 'text';
  const right = area.x + area.width;
  if (open) grid.fill({ x: area.x, y, width: area.width, height: 1 }, 'selected');
  const digit = number > 0 && number < 10 ? String(number) : ' ';
  let x = grid.text(area.x + 1, y, `${digit} `, open ? 'selected' : 'dim', right);
  for (const mark of marksOf(model, id)) x = grid.text(x, y, mark.text, open ? 'selected' : mark.style, right);
  const { text, style: badgeStyle } = badge(model, conversation!);
  const room = right - x - 2 - (text === '' ? 0 : textWidth(text) + 1);
  grid.text(x + 1, y, fit(id.slice(1), Math.max(1, room)), style, right);
  grid.text(right - textWidth(text) - 1, y, text, open ? 'selected' : badgeStyle, right);
}

function paintOwnPage(grid: Grid, model: ChatModel, area: Rect): void {
  const { unread } = model.conversation(HOME);
  const open = model.selected === HOME;
  if (open) grid.fill({ ...area, height: 1 }, 'selected');
  const counted = unread === 0 ? '' : String(unread);
  const room = area.width - 2 - (counted === '' ? 0 : counted.length + 1);
  grid.text(area.x + 1, area.y, fit(`p2pchat · ${model.user}`, room), open ? 'selected' : 'title');
  grid.text(area.x + area.width - counted.length - 1, area.y, counted, open ? 'selected' : 'unread');
}

export function paintSidebar(grid: Grid, model: ChatModel, area: Rect): void {
  if (area.width === 0) return;
  paintOwnPage(grid, model, area);
  for (const [at, row] of sidebarRows(model, area.height).entries()) {
    if (at === 0) continue;
    if (row.head !== undefined) grid.text(area.x + 1, area.y + at, fit(row.head, area.width - 2), 'dim');
    else if (row.conversation !== undefined) paintConversation(grid, model, row, area, area.y + at);
  }
}
