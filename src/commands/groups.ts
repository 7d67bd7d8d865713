import { Failure, toFailure } from '../base/errors.js';
import type { PeerApi } from '../peer/api/peer.js';
import { type Command, type Context, define, type Face } from './command.js';
import { clockTime, field } from './format-message.js';
import { assertUsers } from './known.js';
import type { Parameter } from './parameter.js';
import { userOf } from './parse-argument.js';
import { shellWord } from './shell-word.js';

const NAME = { type: 'group', about: 'the group' } as const satisfies Parameter;
const HERE = {
  type: 'group',
  optional: true,
  about: 'the group; in the chat, the current one by default',
} as const satisfies Parameter;

/** The group that was named, or the one the chat is in. @throws Failure usage 'group-needed' */
export function groupHere(name: string | undefined, context: Context): string {
  const group = name ?? (context.current?.startsWith('#') ? context.current : undefined);
  if (group !== undefined) return group;
  throw new Failure('group-needed');
}

interface Done {
  readonly event: 'group';
  readonly group: string;
  readonly change: string;
  readonly user?: string;
}

const SAYS: Readonly<Record<string, (group: string, user: string, face: Face) => string>> = {
  created: (group, _, face) =>
    `${group} is made. Invite people: ${face === 'slash' ? '/invite USER' : `p2pchat group invite ${shellWord(group)} USER`}`,
  joined: (group) => `You are in ${group}.`,
  left: (group) => `You have left ${group}.`,
  invited: (group, user) => `${user} is invited to ${group}.`,
  added: (group, user) => `${user} is in ${group} now.`,
  removed: (group, user) => `${user} is no longer in ${group}.`,
  kicked: (group, user) => `${user} was kicked from ${group}.`,
};

const done = ({ group, change, user = '' }: Done, { face }: Context): string[] => [
  SAYS[change]!(field(group), field(user), face),
];

/** One who can't be invited does not keep out the rest; who is missing is told at the end. */
function notInvited(group: string, user: string, before: Failure | undefined, why: Failure): Failure {
  const users = [before?.details.users, user].filter(Boolean).join(', ');
  return Failure.from({
    ...(before ?? why).plain,
    message: `${group} is made, but not everybody is invited: ${users} (${(before ?? why).message}).`,
    details: { users, group },
  });
}

const create = define({
  name: 'group create',
  slash: 'creategroup',
  parameters: {
    name: NAME,
    users: { type: 'words', optional: true, about: 'whom to invite' },
    open: { type: 'switch', flag: true, optional: true, about: 'anybody may join' },
    shared: { type: 'switch', flag: true, optional: true, about: 'newcomers read what was said before' },
  },
  least: 'advanced',
  about: 'Create a group and invite people to it.',
  examples: { slash: 'friends bob carol', shell: 'friends bob carol' },

  async *run(peer, { name, users, open, shared }, context) {
    const kind = open ? 'open' : 'invite';
    const invited = [...new Set(users?.split(/\s+/).filter(Boolean).map(userOf) ?? [])];
    // Whole or not at all: a name that nobody has would be found out when the group is there already.
    await assertUsers(peer, invited);
    const group = await peer.groups.create(name, { kind, history: shared ? 'shared' : 'joined' });
    context.current = group;
    yield { event: 'group' as const, group, change: 'created', user: peer.user };
    let missed: Failure | undefined;
    for (const user of invited) {
      try {
        await peer.groups.invite(group, user);
        yield { event: 'group' as const, group, change: 'invited', user };
      } catch (error) {
        missed = notInvited(group, user, missed, toFailure(error));
      }
    }
    if (missed) throw missed;
  },
  lines: done,
});

const entering = (name: string, slash: string, shell: boolean, about: string): Command =>
  define({
    name,
    slash,
    shell,
    parameters: { name: NAME },
    about,
    examples: { slash: 'lobby', shell: 'lobby' },
    async *run(peer, { name: wanted }, context) {
      const group = await peer.groups.join(wanted);
      context.current = group;
      yield { event: 'group' as const, group, change: 'joined', user: peer.user };
    },
    lines: done,
  });

const leave = define({
  name: 'group leave',
  aliases: ['part'],
  slash: 'leave',
  parameters: { name: HERE },
  about: 'Leave a group.',
  examples: { slash: '', shell: 'lobby' },
  async *run(peer, { name }, context) {
    const group = await peer.groups.leave(groupHere(name, context));
    if (context.current === group) delete context.current;
    yield { event: 'group' as const, group, change: 'left', user: peer.user };
  },
  lines: done,
});

type Change = 'invite' | 'add' | 'remove';
const CHANGED: Readonly<Record<Change, string>> = { invite: 'invited', add: 'added', remove: 'removed' };

async function* change(peer: PeerApi, verb: Change, name: string, user: string): AsyncIterable<Done> {
  const group = await peer.groups[verb](name, user);
  yield { event: 'group', group, change: CHANGED[verb], user };
}

/** In the shell the group is named first; in the chat it is the one the chat is in, unless another is named. */
const changing = (verb: Change, about: string): Command[] => [
  define({
    name: `group ${verb}`,
    aliases: [verb],
    parameters: { name: NAME, user: { type: 'user', about: 'whom' } },
    about,
    examples: { shell: 'friends bob' },
    run: (peer, { name, user }) => change(peer, verb, name, user),
    lines: done,
  }),
  define({
    name: verb,
    slash: verb,
    shell: false,
    parameters: { user: { type: 'user', about: 'whom' }, name: HERE },
    slashTakes: { user: 'USER', name: 'GROUP' },
    about,
    examples: { slash: 'bob' },
    run: (peer, { name, user }, context) => change(peer, verb, groupHere(name, context), user),
    lines: done,
  }),
];

const members = define({
  name: 'group members',
  aliases: ['names', 'members'],
  slash: 'who',
  parameters: { name: HERE },
  about: 'List the members of a group and who is invited.',
  examples: { slash: '', shell: 'lobby' },
  async *run(peer, { name }, context) {
    const group = groupHere(name, context);
    for (const member of await peer.groups.members(group)) yield { event: 'member' as const, group, ...member };
  },
  lines: ({ user, state, role = '', presence = '', silenced }, { now }) => {
    const held = silenced === undefined ? '' : `  silenced until ${clockTime(silenced, now())}`;
    return [
      `${field(user).padEnd(20)} ${(state === 'invited' ? 'invited' : presence).padEnd(8)} ${role}${held}`.trimEnd(),
    ];
  },
});

const list = define({
  name: 'groups',
  empty: 'There are no groups yet: /creategroup NAME makes one.',
  slash: 'rooms',
  parameters: {},
  about: 'List the open groups, your own groups and your invitations.',
  examples: { slash: '', shell: '' },
  async *run(peer) {
    const groups = await peer.groups.list();
    // What is known here is said while the directory is away; that nothing is, says nothing of the directory.
    if (groups.length === 0 && peer.directoryState === 'offline') throw new Failure('directory-offline');
    for (const group of groups) yield { event: 'groups' as const, ...group };
  },
  lines: ({ group, kind, state, members: count }) => {
    const standing = { member: 'joined', invited: 'you are invited', none: '' }[state];
    return [`${field(group).padEnd(20)} ${kind.padEnd(7)} ${String(count).padStart(4)} members  ${standing}`.trimEnd()];
  },
});

const message = define({
  name: 'groupmsg',
  slash: 'groupmsg',
  shell: false,
  parameters: { name: NAME, text: { type: 'text', about: 'the message' } },
  about: 'Send a message to a group.',
  examples: { slash: 'friends See you at six' },
  async *run(peer, { name, text }, context) {
    const sent = await peer.send(name, text);
    context.current = sent.conversation;
    yield { event: 'sent' as const, ...sent };
  },
  lines: () => [],
});

export const groupCommands: readonly Command[] = [
  create,
  entering('group join', 'joingroup', true, 'Accept an invitation to a group.'),
  message,
  list,
  entering('join', 'join', false, 'Join an open group.'),
  leave,
  ...changing('invite', 'Invite somebody to a group.'),
  ...changing('add', 'Bring somebody into a group.'),
  ...changing('remove', 'Take somebody out of a group.'),
  members,
];
