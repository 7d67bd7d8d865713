import { Failure } from '../base/errors.js';
import type { DirectoryMethods, EnrolMethods, Role } from '../wire/directory.js';
import type { VisitMethods } from '../wire/guests.js';
import { type Action, may } from '../wire/roles.js';

/**
 * What shows who asks, besides the channel: nothing; the device's certificate; the password within the last minute on this
 * channel; the signature of the account's identity key; the words of a code, shown to whoever made it; of a guest, that all of
 * a link is there.
 */
export type Proof = 'none' | 'certificate' | 'password' | 'phrase' | 'code' | 'link';

/** What each request takes. Costs are in units of some 50 µs of the directory's time, a batch reckoned as a usual one. */
export interface RequestRow {
  readonly proof: Proof;
  /** Where one of these params is set, it takes the password instead. */
  readonly passwordFor?: readonly string[];
  readonly cost: number;
}

/** Requests of a signed-in device, each with the action behind it. A request missing here is nobody's. */
export const DEVICE_REQUESTS: Readonly<Record<keyof DirectoryMethods, RequestRow & { readonly may: Action }>> = {
  hello: { may: 'account.own', proof: 'certificate', cost: 40 },
  'login.start': { may: 'account.own', proof: 'certificate', cost: 20 },
  'login.finish': { may: 'account.own', proof: 'certificate', cost: 20 },
  renew: { may: 'account.own', proof: 'certificate', cost: 30 },
  'crl.get': { may: 'account.own', proof: 'certificate', cost: 4 },
  'crl.put': { may: 'account.own', proof: 'certificate', cost: 60 },
  'password.start': { may: 'account.own', proof: 'password', cost: 20 },
  'password.finish': { may: 'account.own', proof: 'password', cost: 20 },
  'account.delete': { may: 'account.own', proof: 'password', cost: 60 },
  'factor.status': { may: 'account.own', proof: 'certificate', cost: 4 },
  'factor.confirm': { may: 'account.own', proof: 'certificate', cost: 20 },
  'factor.begin': { may: 'account.own', proof: 'password', cost: 10 },
  'factor.codes': { may: 'account.own', proof: 'password', cost: 10 },
  'factor.off': { may: 'account.own', proof: 'password', cost: 10 },
  'devices.list': { may: 'account.own', proof: 'certificate', cost: 6 },
  'devices.revoke': { may: 'account.own', proof: 'password', cost: 40 },
  logout: { may: 'account.own', proof: 'certificate', passwordFor: ['everywhere'], cost: 40 },
  'pairing.open': { may: 'account.own', proof: 'password', cost: 20 },
  'pairing.invite': { may: 'invitation.create', proof: 'certificate', cost: 20 },
  'pairing.answer': { may: 'account.own', proof: 'certificate', cost: 10 },
  'pairing.close': { may: 'account.own', proof: 'certificate', cost: 4 },
  'preferences.get': { may: 'account.own', proof: 'certificate', cost: 6 },
  'preferences.put': { may: 'account.own', proof: 'certificate', cost: 20 },
  'presence.set': { may: 'account.own', proof: 'certificate', cost: 16 },
  'users.list': { may: 'people.see', proof: 'certificate', cost: 40 },
  'roster.get': { may: 'people.see', proof: 'certificate', cost: 10 },
  'keypackages.publish': { may: 'account.own', proof: 'certificate', cost: 40 },
  'keypackages.claim': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'mailbox.put': { may: 'message.direct', proof: 'certificate', cost: 8 },
  'mailbox.read': { may: 'account.own', proof: 'certificate', cost: 10 },
  'mailbox.ack': { may: 'account.own', proof: 'certificate', cost: 6 },
  'direct.get': { may: 'message.direct', proof: 'certificate', cost: 3 },
  'direct.create': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'group.commit': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'group.read': { may: 'message.direct', proof: 'certificate', cost: 6 },
  'groups.list': { may: 'group.join', proof: 'certificate', cost: 30 },
  'groups.find': { may: 'group.join', proof: 'certificate', cost: 4 },
  'groups.create': { may: 'group.join', proof: 'certificate', cost: 40 },
  'groups.act': { may: 'group.join', proof: 'certificate', cost: 20 },
  'groups.renew': { may: 'group.join', proof: 'certificate', cost: 20 },
  'groups.acts': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.info': { may: 'group.join', proof: 'certificate', cost: 6 },
  'groups.info.put': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.welcome': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.welcome.put': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.commit': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.post': { may: 'group.join', proof: 'certificate', cost: 8 },
  'groups.signal': { may: 'group.join', proof: 'certificate', cost: 4 },
  'groups.read': { may: 'group.join', proof: 'certificate', cost: 10 },
  'groups.restore': { may: 'group.join', proof: 'certificate', cost: 60 },
  'uploads.begin': { may: 'group.join', proof: 'certificate', cost: 20 },
  'uploads.put': { may: 'group.join', proof: 'certificate', cost: 8 },
  'uploads.finish': { may: 'group.join', proof: 'certificate', cost: 20 },
  'uploads.get': { may: 'group.join', proof: 'certificate', cost: 8 },
  'uploads.list': { may: 'group.join', proof: 'certificate', cost: 20 },
  'uploads.remove': { may: 'group.join', proof: 'certificate', cost: 20 },
  'relay.token': { may: 'message.direct', proof: 'certificate', cost: 8 },
  call: { may: 'message.direct', proof: 'certificate', cost: 4 },
  'deposits.room': { may: 'message.direct', proof: 'certificate', cost: 2 },
  'deposits.begin': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'deposits.put': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'deposits.finish': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'deposits.find': { may: 'message.direct', proof: 'certificate', cost: 8 },
  'deposits.get': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'deposits.taken': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'deposits.remove': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'guests.share': { may: 'message.direct', proof: 'certificate', cost: 30 },
  'guests.put': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'guests.finish': { may: 'message.direct', proof: 'certificate', cost: 30 },
  'guests.collect': { may: 'message.direct', proof: 'certificate', cost: 30 },
  'guests.drops': { may: 'message.direct', proof: 'certificate', cost: 20 },
  'guests.get': { may: 'message.direct', proof: 'certificate', cost: 10 },
  'guests.taken': { may: 'message.direct', proof: 'certificate', cost: 30 },
  'guests.list': { may: 'message.direct', proof: 'certificate', cost: 40 },
  'guests.end': { may: 'message.direct', proof: 'certificate', cost: 30 },
  'ledger.act': { may: 'people.see', proof: 'certificate', cost: 40 },
  'ledger.read': { may: 'people.see', proof: 'certificate', cost: 20 },
  'ledger.restore': { may: 'people.see', proof: 'certificate', cost: 60 },
};

/** Requests of somebody who has shown no certificate. */
export const ENROL_REQUESTS: Readonly<Record<keyof EnrolMethods, RequestRow>> = {
  hello: { proof: 'none', cost: 4 },
  'register.start': { proof: 'none', cost: 20 },
  'register.finish': { proof: 'none', cost: 40 },
  'login.start': { proof: 'none', cost: 20 },
  'login.finish': { proof: 'none', cost: 20 },
  'recover.start': { proof: 'phrase', cost: 30 },
  'recover.finish': { proof: 'phrase', cost: 20 },
  enrol: { proof: 'password', cost: 60 },
  'pairing.meet': { proof: 'none', cost: 20 },
  'pairing.say': { proof: 'none', cost: 20 },
  'pairing.enrol': { proof: 'code', cost: 60 },
};

/** Requests of a guest's browser: each is paid by its address before the link is looked at, and by the link after that. */
export const VISIT_REQUESTS: Readonly<Record<keyof VisitMethods, RequestRow>> = {
  'guest.open': { proof: 'link', cost: 10 },
  'guest.visit': { proof: 'link', cost: 40 },
  'guest.get': { proof: 'link', cost: 10 },
  'guest.drop': { proof: 'link', cost: 60 },
  'guest.put': { proof: 'link', cost: 10 },
  'guest.look': { proof: 'link', cost: 10 },
  'guest.done': { proof: 'link', cost: 40 },
};

/** Whether the request takes the password as it was made. */
export function takesPassword(method: keyof DirectoryMethods, params: Readonly<Record<string, unknown>>): boolean {
  const { proof, passwordFor = [] } = DEVICE_REQUESTS[method];
  return proof === 'password' || passwordFor.some((name) => params[name] === true);
}

/** @throws Failure denied 'not-permitted' */
export function assertMay(role: Role, method: string): void {
  const row = Object.hasOwn(DEVICE_REQUESTS, method) ? DEVICE_REQUESTS[method as keyof DirectoryMethods] : undefined;
  if (row !== undefined && may(role, row.may)) return;
  throw new Failure('not-permitted', `your role '${role}' does not allow '${method}'`, {
    hint: 'Ask an admin of this directory to do it, or for another role.',
    details: { role, method },
  });
}
