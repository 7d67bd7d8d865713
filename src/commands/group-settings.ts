import { Failure } from '../base/errors.js';
import type { GroupSettings } from '../peer/api/groups.js';
import type { PeerApi } from '../peer/api/peer.js';
import { type Command, type Context, define } from './command.js';
import { field } from './format-message.js';
import { groupHere } from './groups.js';
import type { Parameter } from './parameter.js';

/** What a group's moderators set for it. */

const GROUP = { type: 'group', flag: true, optional: true, about: 'the group' } as const satisfies Parameter;
const LONGEST_S = 86_400;

export function settingsLine({ slow = 0, readOnly = false }: Partial<GroupSettings>): string {
  const pace = slow === 0 ? 'no pause between messages' : `one message each ${slow} s`;
  return `${readOnly ? 'only moderators write' : 'all members write'}, ${pace}`;
}

async function* change(peer: PeerApi, named: string | undefined, wanted: Partial<GroupSettings>, context: Context) {
  yield { event: 'settings' as const, ...(await peer.groups.settings(groupHere(named, context), wanted)) };
}

const lines = (item: GroupSettings & { readonly group: string }): string[] => [
  `${field(item.group)}: ${settingsLine(item)}.`,
];

function pace(seconds: number): number {
  if (Number.isInteger(seconds) && seconds <= LONGEST_S) return seconds;
  throw new Failure('argument-invalid', 'seconds: that is not a pause this can use', {
    hint: `Give whole seconds, 30s or 5m, up to ${LONGEST_S} s, or off.`,
  });
}

const slow = define({
  name: 'slow',
  slash: 'slow',
  parameters: {
    seconds: { type: 'lifetime', optional: true, about: 'seconds, 5m, or off; without, tells how it is' },
    group: GROUP,
  },
  slashTakes: { seconds: 'SECONDS|off', group: 'GROUP' },
  about: 'Set how long members of a group must wait between two messages; moderators are exempt.',
  examples: { slash: '30', shell: '30 --group lobby' },
  run: (peer, { seconds, group }, context) =>
    change(peer, group, seconds === undefined ? {} : { slow: pace(seconds) }, context),
  lines,
});

const readonly = define({
  name: 'readonly',
  slash: 'readonly',
  parameters: {
    state: { type: 'choice', choices: ['on', 'off'], optional: true, about: 'without, tells how it is' },
    group: GROUP,
  },
  about: 'Let only moderators write to a group, or all members again.',
  examples: { slash: 'on', shell: 'on --group lobby' },
  run: (peer, { state, group }, context) =>
    change(peer, group, state === undefined ? {} : { readOnly: state === 'on' }, context),
  lines,
});

export const settingsCommands: readonly Command[] = [slow, readonly];
