import type { ActAction, Statement } from '../../wire/acts.js';
import { statementCodec } from '../../wire/acts.js';
import type { DirectoryMethods, EnrolMethods } from '../../wire/directory.js';
import type { VisitMethods } from '../../wire/guests.js';
import { isName } from '../../wire/names.js';

/**
 * What a request does, in the words of whoever reads the log: `kick bob in #crew`. Names of people and groups, never what
 * was written, and not to whom: who talks to whom is nobody's business.
 */

type Method = keyof DirectoryMethods | keyof EnrolMethods | keyof VisitMethods;
/** `#` stands for the group that the request is about. */
type Words = string | ((params: { readonly statement?: unknown }) => string);

/** A statement's words; `#` stands for the group. */
const ACTS: { readonly [A in ActAction]: (statement: Extract<Statement, { action: A }>) => string } = {
  create: ({ name }) => `create #${person(name)}`,
  invite: ({ user }) => `invite ${person(user)} to #`,
  add: ({ user }) => `add ${person(user)} to #`,
  join: () => 'join #',
  leave: () => 'leave #',
  remove: ({ user }) => `remove ${person(user)} from #`,
  kick: ({ user }) => `kick ${person(user)} in #`,
  ban: ({ user, group }) => `ban ${person(user)} ${where(group)}`,
  unban: ({ user, group }) => `unban ${person(user)} ${where(group)}`,
  role: ({ user, role }) => `make ${person(user)} ${role}`,
  'reset-second-factor': ({ user }) => `reset the second factor of ${person(user)}`,
  renew: () => 'renew the keys of #',
  settings: ({ silence }) => {
    if (silence === undefined) return 'change the settings of #';
    return silence.until === undefined
      ? `let ${person(silence.user)} write again in #`
      : `silence ${person(silence.user)} in #`;
  },
};

const where = (group: Uint8Array | undefined): string => (group === undefined ? 'everywhere' : 'in #');

/** Statements are read here before their signature is judged: a name that is none is not put into the log. */
const person = (name: string): string => (isName(name) ? name : '(no name)');

function act({ statement }: { readonly statement?: unknown }): string {
  try {
    const read = statementCodec.decode(statement as Uint8Array);
    return (ACTS[read.action] as (statement: Statement) => string)(read);
  } catch {
    return 'act, unreadable';
  }
}

/** Every request there is: one that is missing here does not compile. */
export const DEEDS: Readonly<Record<Method, Words>> = {
  hello: 'connect',
  'register.start': 'register',
  'register.finish': 'register: finish',
  'recover.start': 'recover the account',
  'recover.finish': 'recover the account: finish',
  enrol: 'enrol a device',
  'pairing.open': 'make a code for a device',
  'pairing.invite': 'make a code for somebody new',
  'pairing.answer': 'answer to a code',
  'pairing.close': 'take back a code',
  'pairing.meet': 'give a code',
  'pairing.say': 'give a code: the words',
  'pairing.enrol': 'enrol a device by a code',
  'login.start': 'give the password',
  'login.finish': 'give the password: finish',
  renew: 'renew the certificate',
  'crl.get': 'get the revocation list',
  'crl.put': 'hand back a revocation list',
  'password.start': 'change the password',
  'password.finish': 'change the password: finish',
  'account.delete': 'delete the account',
  'factor.status': 'look at the second factor',
  'factor.confirm': 'turn the second factor on',
  'factor.begin': 'set up a second factor',
  'factor.codes': 'make recovery codes',
  'factor.off': 'turn the second factor off',
  'devices.list': 'list the own devices',
  'devices.revoke': 'shut out a device',
  logout: 'log out',
  'preferences.get': 'read the own preferences',
  'preferences.put': 'leave the own preferences',
  'presence.set': 'say how present',
  'users.list': 'list the users',
  'roster.get': 'look somebody up',
  'keypackages.publish': 'leave key packages',
  'keypackages.claim': 'take a key package',
  'mailbox.put': 'send a message',
  'mailbox.read': 'read the mailbox',
  'mailbox.ack': 'empty the mailbox',
  'direct.get': 'look for a conversation',
  'direct.create': 'begin a conversation',
  'group.commit': 'renew a conversation',
  'group.read': 'read a conversation',
  'groups.list': 'list the groups',
  'groups.find': 'look for a group',
  'groups.create': act,
  'groups.act': act,
  'groups.renew': act,
  'groups.acts': 'read who did what in #',
  'groups.info': 'look at #',
  'groups.info.put': 'leave the keys of #',
  'groups.welcome': 'ask to be let into #',
  'groups.welcome.put': 'let somebody into #',
  'groups.commit': 'renew the keys in #',
  'groups.post': 'write in #',
  'groups.signal': 'signal in #',
  'groups.read': 'read #',
  'groups.restore': 'hand back what the log of # lost',
  'uploads.begin': 'upload to #',
  'uploads.put': 'upload to #: a block',
  'uploads.finish': 'upload to #: finish',
  'uploads.get': 'download from #: a block',
  'uploads.list': 'list the files of #',
  'uploads.remove': 'remove a file from #',
  'relay.token': (params) =>
    `get tokens to meet a device of ${person(String((params as { user?: unknown }).user))} at a relay`,
  call: 'call a device',
  'deposits.room': 'look for room for files',
  'deposits.begin': 'lay down files',
  'deposits.put': 'lay down files: a block',
  'deposits.finish': 'lay down files: finish',
  'deposits.find': 'look for files laid down',
  'deposits.get': 'fetch files laid down: a block',
  'deposits.taken': 'fetch files laid down: finish',
  'deposits.remove': 'take back files laid down',
  'guests.share': 'make a link for guests',
  'guests.put': 'lay down a file for guests: a block',
  'guests.finish': 'lay down a file for guests: finish',
  'guests.collect': 'make a link by which guests hand in',
  'guests.drops': 'look for what guests handed in',
  'guests.get': 'fetch what a guest handed in: a block',
  'guests.taken': 'fetch what a guest handed in: finish',
  'guests.list': 'list the own links for guests',
  'guests.end': 'end a link for guests',
  'guest.open': 'look at a link, as a guest',
  'guest.visit': 'fetch a file as a guest',
  'guest.get': 'fetch a file as a guest: a block',
  'guest.drop': 'hand in a file as a guest',
  'guest.put': 'hand in a file as a guest: a block',
  'guest.look': 'ask as a guest how far it is',
  'guest.done': 'fetch or hand in a file as a guest: finish',
  'ledger.act': act,
  'ledger.read': 'read the ledger',
  'ledger.restore': 'hand back what the ledger lost',
};

/** @param nameOf the name of a group, where it is known */
export function deedOf(
  method: string,
  params: object,
  nameOf: (group: Uint8Array) => string | undefined,
): string | undefined {
  const words = Object.hasOwn(DEEDS, method) ? DEEDS[method as Method] : undefined;
  const said = typeof words === 'function' ? words(params) : words;
  const { group } = params as { readonly group?: unknown };
  const known = group instanceof Uint8Array ? nameOf(group) : undefined;
  // A name of its own behind the sign, as of a group that is being made, stays.
  return said?.replace(/#(?=\W|$)/, known === undefined ? '(unknown group)' : `#${known}`);
}
