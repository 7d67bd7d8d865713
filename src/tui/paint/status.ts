import { fit, textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';
import { marksOf } from './sidebar.js';
import type { Style } from './theme.js';

const VIA: Readonly<Record<string, string>> = {
  direct: 'direct link',
  lan: 'direct link in this network',
  relay: 'relayed',
  mailbox: 'by the mailbox',
};

/** Seconds until a time, never less than 1: a countdown that says 0 seems stuck. */
const secondsTo = (at: number, now: number): number => Math.max(1, Math.ceil((at - now) / 1_000));

function directory({ model, now }: ChatScene): { readonly text: string; readonly style: Style } {
  if (model.directory === 'online') return { text: '● directory', style: 'status' };
  const again = model.retryAt === undefined ? '' : `, next try in ${secondsTo(model.retryAt, now)} s`;
  return { text: `○ directory offline${again}: what you write is queued`, style: 'alert' };
}

function path({ model }: ChatScene): string {
  const via = model.selected.startsWith('@') ? model.people.get(model.selected.slice(1))?.via : undefined;
  return via === undefined ? '' : (VIA[via] ?? via);
}

function unreadElsewhere({ model }: ChatScene): string {
  let unread = 0;
  for (const conversation of model.conversations.values()) unread += conversation.unread;
  return unread === 0 ? '' : `${unread} unread`;
}

export function paintStatus(grid: Grid, scene: ChatScene, area: Rect): void {
  const left = scene.flash === '' ? directory(scene) : { text: scene.flash, style: 'status' as const };
  grid.fill(area, left.style);
  const right = [path(scene), unreadElsewhere(scene), scene.mouse ? 'mouse' : '', 'F1 help'].filter(
    (part) => part !== '',
  );
  const shown = right.join(' · ');
  const room = area.width - textWidth(shown) - 4;
  const narrow = room < textWidth(left.text);
  grid.text(area.x + 1, area.y, fit(left.text, narrow ? area.width - 2 : room), left.style);
  if (!narrow) grid.text(area.x + area.width - textWidth(shown) - 1, area.y, shown, left.style);
}

export function paintTitle(grid: Grid, scene: ChatScene, area: Rect): void {
  const { model } = scene;
  const id = model.selected;
  let x = area.x + 1;
  for (const mark of marksOf(model, id)) x = grid.text(x, area.y, mark.text, mark.style) + 1;
  const right = area.x + area.width;
  x = grid.text(x, area.y, fit(id.slice(1), Math.max(1, right - x)), 'title', right);
  const trust = id.startsWith('@') ? model.people.get(id.slice(1))?.trust : undefined;
  const says = trust === 'verified' ? 'verified' : trust === 'changed' ? 'identity changed: /verify' : '';
  grid.text(x + 2, area.y, says, trust === 'changed' ? 'error' : 'ok', right);
  const place = model.current.view.following === false ? '↑ reading back, End to return ' : '';
  if (place !== '' && right - textWidth(place) > x) grid.text(right - textWidth(place), area.y, place, 'warn', right);
}
