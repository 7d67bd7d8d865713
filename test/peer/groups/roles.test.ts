import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bind } from '../../../src/commands/bind-arguments.js';
import { commands } from '../../../src/commands/commands.js';
import { permitted } from '../../../src/commands/lookup.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { type Action, may, ROLES } from '../../../src/wire/roles.js';
import { register } from '../../support/directory-client.js';
import { Town } from '../../support/town.js';

/** Commands that not everybody may give: a line of the shell, what it takes, and what the owner does before. */
interface Deed {
  readonly command: string;
  readonly words: readonly string[];
  readonly flags?: Readonly<Record<string, string>>;
  readonly action: Action;
  before?(owner: PeerApi): Promise<unknown>;
}

const CREW = '#crew';
const GROUP = { group: CREW };
const outside = (owner: PeerApi): Promise<unknown> => owner.groups.remove(CREW, 'vic').catch(() => {});
const inside = (owner: PeerApi): Promise<unknown> => owner.groups.add(CREW, 'vic').catch(() => {});
const banned = async (owner: PeerApi): Promise<void> => {
  await owner.groups.ban('vic', {}, CREW).catch(() => {});
};
const free = async (owner: PeerApi): Promise<void> => {
  await owner.groups.unban('vic', CREW).catch(() => {});
  await inside(owner);
};

const DEEDS: readonly Deed[] = [
  { command: 'group create', words: ['made-by-ROLE'], action: 'group.create' },
  { command: 'group invite', words: [CREW, 'vic'], action: 'group.members', before: outside },
  { command: 'group add', words: [CREW, 'vic'], action: 'group.members', before: outside },
  { command: 'group remove', words: [CREW, 'vic'], action: 'group.members', before: inside },
  { command: 'kick', words: ['vic', 'why'], flags: GROUP, action: 'group.members', before: inside },
  { command: 'ban', words: ['vic', 'why'], flags: GROUP, action: 'group.members', before: inside },
  { command: 'unban', words: ['vic'], flags: GROUP, action: 'group.members', before: banned },
  { command: 'slow', words: ['0'], flags: GROUP, action: 'group.members', before: free },
  { command: 'readonly', words: ['off'], flags: GROUP, action: 'group.members' },
  { command: 'silence', words: ['vic', 'why'], flags: GROUP, action: 'group.members' },
  { command: 'unsilence', words: ['vic'], flags: GROUP, action: 'group.members' },
  { command: 'role', words: ['vic', 'beginner'], action: 'role.grant.beginner' },
  { command: 'ban', words: ['vic', 'why'], flags: { everywhere: 'true' }, action: 'person.ban' },
  {
    command: 'unban',
    words: ['vic'],
    flags: { everywhere: 'true' },
    action: 'person.ban',
    before: (owner) => owner.groups.ban('vic', {}).catch(() => {}),
  },
];

const people = new Map<string, PeerApi>();
const town = await Town.build();
after(() => town.close());
const owner = await town.owner();
people.set('super-admin', owner);
await register(town.link, 'vic');
await owner.groups.create(CREW);
for (const role of ['admin', 'advanced', 'beginner'] as const) {
  const peer = await town.settle(role === 'admin' ? 'an-admin' : role);
  people.set(role, peer);
  if (role !== 'beginner') await owner.groups.setRole(peer.user, role);
  await owner.groups.invite(CREW, peer.user);
  await peer.groups.join(CREW);
}

for (const role of ROLES) {
  test(`A9 what a member who is ${role} may do by commands, and no more, whatever his program says`, async () => {
    const owner = people.get('super-admin')!;
    const peer = people.get(role)!;
    for (const { command: name, words, flags = {}, action, before: prepare } of DEEDS) {
      await prepare?.(owner);
      const command = commands.find((one) => one.name === name)!;
      const given = words.map((word) => word.replace('ROLE', role));
      const args = bind(command, 'shell', given, flags);
      const context = { face: 'shell' as const, commands, now: Date.now };
      // The table of commands is not asked: the directory has to refuse by itself.
      const run = async (): Promise<void> => {
        for await (const _item of command.run(peer, args, context));
      };
      const what = `${role}: ${name} ${given.join(' ')} ${JSON.stringify(flags)}`;
      if (may(role, action)) await run().catch((error) => assert.fail(`${what}: ${error}`));
      else await assert.rejects(run(), { code: 'not-permitted', reason: 'denied', exit: 8 }, what);
      if (!permitted(command, role)) assert.ok(!may(role, action), `${what}: the table of commands is stricter`);
    }
  });
}

test('A9 every command is offered to those whom a table written a second time names', () => {
  const least: Readonly<Record<string, string>> = {
    'group create': 'advanced',
    kick: 'advanced',
    ban: 'advanced',
    unban: 'advanced',
    silence: 'advanced',
    unsilence: 'advanced',
    role: 'admin',
    'invite-words': 'admin',
    'reset-second-factor': 'admin',
  };
  for (const command of commands) assert.equal(command.least, least[command.name] ?? 'beginner', command.name);
});
