import type { GroupMember } from '../../peer/api/groups.js';
import type { ChatModel } from '../model/model.js';
import { fit } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import { PRESENCE } from './sidebar.js';
import type { Style } from './theme.js';

/** What is said of those who may more than others. */
const ROLES: Readonly<Record<string, string>> = { 'super-admin': 'owner', admin: 'admin', advanced: 'advanced' };

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
  const says = invited ? 'invited' : (ROLES[role] ?? '');
  grid.text(right - says.length - 1, y, says, 'dim', right);
  const style: Style = invited || presence === 'offline' ? 'dim' : 'text';
  grid.text(area.x + 3, y, fit(user, area.width - 5 - says.length), style, right);
}

/** The members of the open group, as many as there is room for. */
export function paintMembers(grid: Grid, model: ChatModel, area: Rect): void {
  if (area.width === 0) return;
  grid.fill({ ...area, x: area.x - 1, width: 1 }, 'border', '│');
  const members = model.groups.get(model.selected)?.members;
  if (members === undefined) return;
  grid.text(area.x + 1, area.y, 'Members', 'dim');
  const room = area.height - 1;
  const shown = ordered(model, members).slice(0, members.length > room ? room - 1 : room);
  for (const [at, member] of shown.entries()) paintMember(grid, model, member, area, area.y + 1 + at);
  if (shown.length < members.length) {
    grid.text(
      area.x + 3,
      area.y + 1 + shown.length,
      fit(`and ${members.length - shown.length} more: /who`, area.width - 4),
      'dim',
    );
  }
}
