import type { GroupMember } from '../../peer/groups/api.js';
import type { ChatModel } from '../model/model.js';
import { fit } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import { PRESENCE } from './sidebar.js';
import type { Style } from './theme.js';

/** Before the names of those who may more than others. */
const ROLES: Readonly<Record<string, string>> = { 'super-admin': '&', admin: '@', advanced: '+' };

/** What the signs before names mean, for the help. */
export const ROLE_LEGEND = Object.entries(ROLES).map(([role, text]) => ({ text, role }));

const STATES = ['online', 'away', 'offline'];

/** Those who are there first, then by name. */
function ordered(model: ChatModel, members: readonly GroupMember[]): readonly GroupMember[] {
  const rank = (member: GroupMember): number =>
    member.state === 'invited' ? STATES.length : STATES.indexOf(presenceOf(model, member));
  return Array.from(members).sort((a, b) => rank(a) - rank(b));
}

/** Of oneself the directory knows best; of others what was heard last. */
function presenceOf(model: ChatModel, { user, presence = 'offline' }: GroupMember): keyof typeof PRESENCE {
  if (user === model.user) return model.directory === 'online' ? 'online' : 'offline';
  return model.people.get(user)?.presence ?? presence;
}

function paintMember(grid: Grid, model: ChatModel, member: GroupMember, area: Rect, y: number): void {
  const { user, state, role = '' } = member;
  const right = area.x + area.width;
  const invited = state === 'invited';
  const presence = presenceOf(model, member);
  const mark = invited ? { text: '+', style: 'warn' as const } : PRESENCE[presence];
  grid.text(area.x + 1, y, mark.text, mark.style, right);
  grid.text(area.x + 2, y, ROLES[role] ?? ' ', 'dim', right);
  const style: Style = invited || presence === 'offline' ? 'dim' : 'text';
  grid.text(area.x + 3, y, fit(user, area.width - 4), style, right);
}

/** The members of the open group, as many as there is room for. */
export function paintMembers(grid: Grid, model: ChatModel, area: Rect): void {
  if (area.width === 0) return;
  grid.fill({ ...area, x: area.x - 1, width: 1 }, 'border', '│');
  const members = model.groups.get(model.selected)?.members;
  if (members === undefined) return;
  const inside = members.filter(({ state }) => state === 'member').length;
  grid.text(area.x + 1, area.y, fit(inside === 1 ? '1 member' : `${inside} members`, area.width - 2), 'dim');
  const room = area.height - 1;
  const shown = ordered(model, members).slice(0, members.length > room ? room - 1 : room);
  for (const [at, member] of shown.entries()) paintMember(grid, model, member, area, area.y + 1 + at);
  if (shown.length < members.length) {
    grid.text(area.x + 3, area.y + 1 + shown.length, fit(`and ${members.length - shown.length} more: /who`, area.width - 4), 'dim');
  }
}
