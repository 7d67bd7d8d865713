import { Failure } from '../base/errors.js';
import type { DirectoryMethods, Role } from '../wire/directory.js';
import { type Action, may } from '../wire/roles.js';

/** The action behind each request of a signed-in device. A request missing here is nobody's. */
export const METHOD_ACTIONS: Readonly<Record<keyof DirectoryMethods, Action>> = {
  hello: 'account.own',
  'login.start': 'account.own',
  'login.finish': 'account.own',
  renew: 'account.own',
  'crl.get': 'account.own',
  'password.start': 'account.own',
  'password.finish': 'account.own',
  'account.delete': 'account.own',
  'factor.status': 'account.own',
  'factor.confirm': 'account.own',
  'factor.begin': 'account.own',
  'factor.codes': 'account.own',
  'factor.off': 'account.own',
  'devices.list': 'account.own',
  'devices.revoke': 'account.own',
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
  'groups.list': 'group.join',
  'groups.find': 'group.join',
  'groups.create': 'group.join',
  'groups.act': 'group.join',
  'groups.renew': 'group.join',
  'groups.acts': 'group.join',
  'groups.info': 'group.join',
  'groups.info.put': 'group.join',
  'groups.welcome': 'group.join',
  'groups.welcome.put': 'group.join',
  'groups.commit': 'group.join',
  'groups.post': 'group.join',
  'groups.signal': 'group.join',
  'groups.read': 'group.join',
  'uploads.begin': 'group.join',
  'uploads.put': 'group.join',
  'uploads.finish': 'group.join',
  'uploads.get': 'group.join',
  'uploads.list': 'group.join',
  'uploads.remove': 'group.join',
  'ledger.act': 'people.see',
  'ledger.read': 'people.see',
};

/** @throws Failure denied 'not-permitted' */
export function assertMay(role: Role, method: string): void {
  const action = Object.hasOwn(METHOD_ACTIONS, method) ? METHOD_ACTIONS[method as keyof DirectoryMethods] : '';
  if (may(role, action)) return;
  throw new Failure('denied', 'not-permitted', `your role '${role}' does not allow '${method}'`, {
    hint: 'Ask an admin of this directory to do it, or for another role.',
    details: { role, method },
  });
}
