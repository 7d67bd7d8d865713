import { spanOf } from '../../commands/duration.js';
import type { ChatModel } from '../model/model.js';
import { fit, textWidth } from '../text/glyphs.js';
import { rttText, sizeText, sparkline, timeText } from '../text/measures.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';
import { marksOf } from './sidebar.js';
import type { Style } from './theme.js';

interface Part {
  readonly text: string;
  readonly style: Style;
}

const VIA: Readonly<Record<string, string>> = {
  direct: 'direct link',
  lan: 'direct link in this network',
  relay: 'relayed',
  mailbox: 'by the mailbox',
};

/** Seconds until a time, never less than 1: a countdown that says 0 seems stuck. */
const secondsTo = (at: number, now: number): number => Math.max(1, Math.ceil((at - now) / 1_000));

function directory({ model, now }: ChatScene): Part {
  if (model.directory === 'online') return { text: '● directory', style: 'status' };
  const again = model.retryAt === undefined ? '' : `, next try in ${secondsTo(model.retryAt, now)} s`;
  return { text: `○ directory offline${again}: what you write is queued`, style: 'alert' };
}

/** How the person of the open conversation is reached. */
function path({ model }: ChatScene): string {
  const person = model.selected.startsWith('@') ? model.people.get(model.selected.slice(1)) : undefined;
  if (person === undefined) return '';
  const { link, via, presence } = person;
  if (link?.state === 'silent') return 'no answer: what you write is queued';
  if (link?.state === 'up' && link.path !== undefined) {
    return `${VIA[link.path]}${link.rtt === undefined ? '' : ` ${rttText(link.rtt)}`}`;
  }
  if (link?.state === 'down' && model.directory === 'offline') return 'no link now';
  if (link?.state === 'down')
    return presence === 'offline' ? 'away: what you write waits in the mailbox' : 'no link now';
  return via === undefined ? '' : (VIA[via] ?? via);
}

const SPARK = 8;

function transfers(model: ChatModel): string {
  const running = model.transfers.running;
  if (running === undefined) return '';
  const { count, direction, rate, rates, timeLeft } = running;
  const arrow = direction === 'in' ? '⇣' : '⇡';
  const many = count === 1 ? '' : ` ${count} transfers`;
  return `${arrow}${many} ${sizeText(rate)}/s ${sparkline(rates, SPARK)}${timeLeft > 0 ? ` ${timeText(timeLeft)}` : ''}`;
}

function unreadElsewhere(model: ChatModel): string {
  let unread = 0;
  for (const conversation of model.conversations.values()) unread += conversation.unread;
  return unread === 0 ? '' : `${unread} unread`;
}

export function paintStatus(grid: Grid, scene: ChatScene, area: Rect): void {
  const { model } = scene;
  const left = scene.flash === '' ? directory(scene) : { text: scene.flash, style: 'status' as const };
  grid.fill(area, left.style);
  const parts = [transfers(model), path(scene), unreadElsewhere(model), 'F1 help'].filter((part) => part !== '');
  // What matters least goes first where there is no room: the path, then what is unread, then the transfers.
  const room = (): number => area.width - textWidth(parts.join(' │ ')) - 4;
  const wanted = left.style === 'alert' ? textWidth(left.text) : Math.min(textWidth(left.text), area.width / 3);
  while (parts.length > 1 && room() < wanted) parts.splice(parts.length - 2, 1);
  const shown = parts.join(' │ ');
  const narrow = room() < 8;
  grid.text(area.x + 1, area.y, fit(left.text, narrow ? area.width - 2 : room()), left.style);
  if (!narrow) grid.text(area.x + area.width - textWidth(shown) - 1, area.y, shown, left.style);
}

/** What is to be known of the open conversation, besides its name. */
function about(scene: ChatScene): Part {
  const { text, style } = standing(scene);
  const { muted, expire } = scene.model.current;
  const more = [muted ? 'muted' : '', expire > 0 ? `disappears after ${spanOf(expire)}` : ''];
  return { text: [text, ...more].filter((part) => part !== '').join(' · '), style };
}

function standing({ model }: ChatScene): Part {
  const id = model.selected;
  if (id.startsWith('#')) return aboutGroup(model, id);
  const trust = id.startsWith('@') ? model.people.get(id.slice(1))?.trust : undefined;
  if (trust === 'verified') return { text: 'verified', style: 'ok' };
  if (trust === 'changed') return { text: 'identity changed: /verify', style: 'error' };
  return { text: '', style: 'dim' };
}

function aboutGroup(model: ChatModel, id: string): Part {
  const info = model.groups.get(id);
  if (info?.state === 'invited') {
    const who = info.invitedBy === undefined ? '' : ` by ${info.invitedBy}`;
    return { text: `you are invited${who}: /joingroup ${id.slice(1)} accepts, /leave refuses`, style: 'warn' };
  }
  if (info?.state === 'none') return { text: `you are not in it: /join ${id.slice(1)}`, style: 'dim' };
  const inside = info?.members?.filter(({ state }) => state === 'member').length;
  const many = inside === undefined || inside === 0 ? '' : inside === 1 ? 'only you' : `${inside} members`;
  return { text: [info?.kind === 'open' ? 'open' : '', many].filter((part) => part !== '').join(' · '), style: 'dim' };
}

export function paintTitle(grid: Grid, scene: ChatScene, area: Rect): void {
  const { model } = scene;
  const id = model.selected;
  let x = area.x + 1;
  for (const mark of marksOf(model, id)) x = grid.text(x, area.y, mark.text, mark.style) + 1;
  const right = area.x + area.width;
  x = grid.text(x, area.y, fit(id.slice(1), Math.max(1, right - x)), 'title', right);
  const { text, style } = about(scene);
  x = grid.text(x + 2, area.y, fit(text, Math.max(0, right - x - 3)), style, right);
  const place = model.current.view.following === false ? '↑ reading back, End to return ' : '';
  if (place !== '' && right - textWidth(place) > x) grid.text(right - textWidth(place), area.y, place, 'warn', right);
}
