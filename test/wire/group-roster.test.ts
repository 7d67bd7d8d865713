import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import type { Act, Statement } from '../../src/wire/acts.js';
import { assertDirectoryBan, GroupRoster } from '../../src/wire/group-roster.js';
import { assertRoleChange, ROLES, type Role } from '../../src/wire/roles.js';

const KEY = new Uint8Array(32).fill(7);
const common = { directory: 'd', group: new Uint8Array(16), previous: new Uint8Array(32), at: 1 };
type Deed = { action: Statement['action'] } & Record<string, unknown>;

const actOf = (user: string, role: Role, deed: Deed, targetRole?: Role): Act => ({
  statement: { ...common, ...deed } as unknown as Statement,
  by: { user, folded: user, device: '0'.repeat(16), identityKey: KEY },
  seal: { digest: new Uint8Array(32), role, at: 1, ...(targetRole && { targetRole }) },
});

/** A group of ann and bob, with carl invited and dora banned. */
function rosterOf(kind: 'open' | 'invite'): GroupRoster {
  const roster = new GroupRoster();
  const does = (user: string, deed: Deed): void => {
    const act = actOf(user, 'admin', deed);
    roster.judge(act);
    roster.apply(act);
  };
  does('ann', { action: 'create', name: 'g', kind, history: 'joined' });
  for (const user of ['bob', 'dora']) does('ann', { action: 'add', user, identityKey: KEY });
  does('ann', { action: 'invite', user: 'carl', identityKey: KEY });
  does('ann', { action: 'ban', user: 'dora' });
  return roster;
}

const outcome = (run: () => void): string => {
  try {
    run();
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.code;
  }
};

const MAKERS: readonly Role[] = ['super-admin', 'admin', 'advanced'];
/** Each deed of a member, with the least role that may do it to a beginner. */
const DEEDS: readonly (readonly [name: string, deed: Deed, may: readonly Role[]])[] = [
  ['invite', { action: 'invite', user: 'emma', identityKey: KEY }, MAKERS],
  ['add', { action: 'add', user: 'emma', identityKey: KEY }, MAKERS],
  ['remove', { action: 'remove', user: 'bob' }, MAKERS],
  ['kick', { action: 'kick', user: 'bob' }, MAKERS],
  ['ban', { action: 'ban', user: 'bob' }, MAKERS],
  ['unban', { action: 'unban', user: 'dora' }, MAKERS],
  ['settings', { action: 'settings', slow: 5, readOnly: false }, MAKERS],
  ['leave', { action: 'leave' }, ROLES],
];

for (const [name, deed, holders] of DEEDS) {
  for (const role of ROLES) {
    const expected = holders.includes(role) ? 'ok' : 'not-permitted';
    test(`A9 a member who is ${role} and does '${name}': ${expected}`, () => {
      assert.equal(
        outcome(() => rosterOf('invite').judge(actOf('ann', role, deed))),
        expected,
      );
    });
    test(`A9 a stranger who is ${role} and does '${name}' to a group is refused, but for moderating admins`, () => {
      const moderates = ['kick', 'ban', 'unban'].includes(name) && (role === 'admin' || role === 'super-admin');
      const said = outcome(() => rosterOf('invite').judge(actOf('eve', role, deed)));
      assert.equal(said, moderates ? 'ok' : 'group-not-joined');
    });
  }
}

test('nobody removes whom he does not reach, and nobody bans his equal', () => {
  const roster = rosterOf('invite');
  for (const [at, role] of ROLES.entries()) {
    for (const [targetAt, target] of ROLES.entries()) {
      const judged = (action: 'kick' | 'ban'): string =>
        outcome(() => roster.judge(actOf('ann', role, { action, user: 'bob' }, target)));
      const may = role !== 'beginner';
      const reach = (is: boolean): string => (!may ? 'not-permitted' : is ? 'ok' : 'member-outranks');
      assert.equal(judged('kick'), reach(at <= targetAt && target !== 'super-admin'), `${role} kicks ${target}`);
      assert.equal(judged('ban'), reach(at < targetAt), `${role} bans ${target}`);
      const banned = outcome(() => assertDirectoryBan(role, target));
      assert.equal(banned === 'ok', at < 2 && at < targetAt, `${role} bans ${target} from the directory`);
    }
  }
});

test('joining: who is invited, who is not, who is banned', () => {
  const join = (kind: 'open' | 'invite', user: string): string =>
    outcome(() => rosterOf(kind).judge(actOf(user, 'beginner', { action: 'join' })));
  assert.deepEqual(
    [join('invite', 'carl'), join('invite', 'eve'), join('invite', 'dora')],
    ['ok', 'not-invited', 'group-banned'],
  );
  assert.deepEqual(
    [join('open', 'eve'), join('open', 'dora'), join('open', 'bob')],
    ['ok', 'group-banned', 'already-joined'],
  );
});

test('A9 every role, changing every role into every role', () => {
  const grants: Readonly<Record<Role, readonly Role[]>> = {
    'super-admin': ['admin', 'advanced', 'beginner'],
    admin: ['advanced', 'beginner'],
    advanced: [],
    beginner: [],
  };
  for (const actor of ROLES) {
    for (const target of ROLES) {
      for (const wanted of ROLES) {
        const allowed = grants[actor].includes(target) && grants[actor].includes(wanted);
        const said = outcome(() => assertRoleChange(actor, target, wanted));
        assert.equal(said === 'ok', allowed, `${actor} makes ${target} ${wanted}: ${said}`);
      }
    }
  }
});

const silenceOf = (user: string, until?: number): Deed => ({
  ...{ action: 'settings', slow: 0, readOnly: false },
  silence: { user, ...(until !== undefined && { until }) },
});

test('A9 who may silence whom, and that it holds until then, also for who leaves and comes back', () => {
  for (const [at, role] of ROLES.entries()) {
    for (const [targetAt, target] of ROLES.entries()) {
      const said = outcome(() => rosterOf('invite').judge(actOf('ann', role, silenceOf('bob', 9), target)));
      const reach = at <= targetAt && target !== 'super-admin' ? 'ok' : 'member-outranks';
      assert.equal(said, role === 'beginner' ? 'not-permitted' : reach, `${role} silences ${target}`);
    }
  }
  const roster = rosterOf('open');
  const does = (user: string, deed: Deed, target?: Role): void => {
    const act = actOf(user, 'admin', deed, target);
    roster.judge(act);
    roster.apply(act);
  };
  const writes = (now: number): string => outcome(() => roster.assertMayWrite({ user: 'Bob', role: 'beginner', now }));
  assert.equal(
    outcome(() => does('ann', silenceOf('ann', 9), 'beginner')),
    'act-on-self',
  );
  assert.equal(
    outcome(() => does('ann', silenceOf('eve', 9), 'beginner')),
    'not-a-member',
  );
  does('ann', silenceOf('bob', 9), 'beginner');
  does('bob', { action: 'leave' });
  does('bob', { action: 'join' });
  does('ann', { action: 'settings', slow: 5, readOnly: false });
  assert.deepEqual([writes(8), writes(9)], ['silenced', 'ok']);
  does('ann', silenceOf('bob'), 'beginner');
  assert.equal(writes(8), 'ok');
  // A directory of an earlier version seals no role of whom it is about, and lets them write: then so do members.
  does('ann', silenceOf('bob', 9));
  assert.equal(writes(8), 'ok');
});
