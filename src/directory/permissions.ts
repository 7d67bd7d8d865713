import { Failure } from '../base/errors.js';
import type { DirectoryMethods, Role } from '../wire/directory.js';

/**
 * Who may do what, as data. What stands in no list is denied. Clients hold the same table against what members do; the
 * directory holds it against every request.
 */

export const ROLES: readonly Role[] = ['super-admin', 'admin', 'advanced', 'beginner'];

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
  'invitation.create': ADMINS,
  'person.ban': ADMINS,
  'role.grant.beginner': ADMINS,
  'role.grant.advanced': ADMINS,
  'role.grant.admin': ['super-admin'],
  'role.grant.super-admin': [],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Action = keyof typeof PERMISSIONS;

/** The action behind each request of a signed-in device. A request missing here is nobody's. */
export const METHOD_ACTIONS: Readonly<Record<keyof DirectoryMethods, Action>> = {
  hello: 'account.own',
  'login.start': 'account.own',
  'login.finish': 'account.own',
  renew: 'account.own',
  'password.start': 'account.own',
  'password.finish': 'account.own',
  'account.delete': 'account.own',
  logout: 'account.own',
  'presence.set': 'account.own',
  'users.list': 'people.see',
  'roster.get': 'people.see',
  'keypackages.publish': 'account.own',
  'keypackages.claim': 'message.direct',
  'mailbox.put': 'message.direct',
  'mailbox.read': 'account.own',
  'mailbox.ack': 'account.own',
  'direct.get': 'message.direct',
  'direct.create': 'message.direct',
  'group.commit': 'message.direct',
  'group.read': 'message.direct',
};

export function may(role: Role, action: string): boolean {
  const holders: readonly Role[] = Object.hasOwn(PERMISSIONS, action) ? PERMISSIONS[action as Action] : [];
  return holders.includes(role);
}

/** @throws Failure denied 'not-permitted' */
export function assertMay(role: Role, method: string): void {
  const action = Object.hasOwn(METHOD_ACTIONS, method) ? METHOD_ACTIONS[method as keyof DirectoryMethods] : '';
  if (may(role, action)) return;
  throw new Failure('denied', 'not-permitted', `your role '${role}' does not allow '${method}'`, {
    hint: 'Ask an admin of this directory to do it, or for another role.',
    details: { role, method },
  });
}
