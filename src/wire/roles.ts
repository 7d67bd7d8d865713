import * as v from 'valibot';
import { Failure } from '../base/errors.js';

/**
 * Who may do what, as data. What stands in no list is denied. The directory holds the table against every request, and
 * every client holds it against what the other members of a group do.
 */

export const roleSchema = v.picklist(['super-admin', 'admin', 'advanced', 'beginner']);
export type Role = v.InferOutput<typeof roleSchema>;

export const ROLES: readonly Role[] = roleSchema.options;

const EVERYONE = ROLES;
const GROUP_MAKERS: readonly Role[] = ['super-admin', 'admin', 'advanced'];
const ADMINS: readonly Role[] = ['super-admin', 'admin'];

/** Each action with the roles that hold it. */
export const PERMISSIONS = {
  'account.own': EVERYONE,
  'people.see': EVERYONE,
  'message.direct': EVERYONE,
  'group.join': EVERYONE,
  'group.create': GROUP_MAKERS,
  'group.members': GROUP_MAKERS,
  'message.pin': GROUP_MAKERS,
  'invitation.create': ADMINS,
  'person.ban': ADMINS,
  'upload.remove': ADMINS,
  'second-factor.reset': ADMINS,
  'role.grant.beginner': ADMINS,
  'role.grant.advanced': ADMINS,
  'role.grant.admin': ['super-admin'],
  'role.grant.super-admin': [],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Action = keyof typeof PERMISSIONS;

export function may(role: Role, action: string): boolean {
  const holders: readonly Role[] = Object.hasOwn(PERMISSIONS, action) ? PERMISSIONS[action as Action] : [];
  return holders.includes(role);
}

const RANK: Readonly<Record<Role, number>> = { beginner: 0, advanced: 1, admin: 2, 'super-admin': 3 };

export const outranks = (one: Role, other: Role): boolean => RANK[one] > RANK[other];

/**
 * The four rules of changing a role: some roles grant none; the owner's stays; nobody grants what his role does not give
 * out; nobody changes somebody whose role he could not have given.
 * @throws Failure denied 'not-permitted', 'role-owner', 'role-not-granted', 'role-outranked'
 */
export function assertRoleChange(actor: Role, target: Role, wanted: Role): void {
  if (!may(actor, 'role.grant.beginner')) {
    const hint = 'Ask the super-admin of this directory.';
    throw new Failure('not-permitted', `your role '${actor}' appoints nobody`, { hint });
  }
  if (target === 'super-admin') throw new Failure('role-owner');
  if (!may(actor, `role.grant.${wanted}`)) {
    throw new Failure('role-not-granted', `your role '${actor}' cannot make anybody '${wanted}'`);
  }
  if (!may(actor, `role.grant.${target}`)) {
    throw new Failure('role-outranked', `your role '${actor}' cannot change somebody who is '${target}'`);
  }
}
