import { Failure } from '../../base/errors.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import type { Account } from '../accounts/accounts.js';
import type { Signed } from './device.js';
import { endDevices } from './devices.js';
import type { Handlers } from './dispatch.js';

type Own =
  | 'login.start'
  | 'login.finish'
  | 'renew'
  | 'password.start'
  | 'password.finish'
  | 'account.delete'
  | 'logout'
  | 'presence.set';

/** What an account does with itself. */
export function accountHandlers({ core, session, logins }: Signed): Pick<Handlers<DirectoryMethods>, Own> {
  const self = (): Promise<Account> => core.accounts.need(session.folded);
  return {
    'login.start': ({ user, request }) => {
      if (foldName(user) !== session.folded) throw notYours();
      return logins.start(user, request);
    },
    'login.finish': async ({ login, finish }) => {
      const { user, role, identityKey, backup } = (await logins.finish(login, finish)).account;
      return { user, role, identityKey, backup };
    },
    renew: async ({ csr }) => ({ certificate: await core.devices.renew(await self(), session.device, csr) }),
    'password.start': ({ request }) => {
      logins.needLogin();
      return { response: core.loginServer.registrationResponse(session.folded, request) };
    },
    'password.finish': async ({ record, backup }) => {
      logins.needLogin();
      core.loginServer.assertRecord(session.folded, record);
      await core.accounts.setPassword(session.folded, record, backup);
      return {};
    },
    'account.delete': async () => {
      logins.needLogin();
      if (core.ownership.owner === session.folded) throw ownerStays();
      await core.accounts.delete(session.folded);
      await endDevices(core, session.folded, 'all', accountDeleted());
      return {};
    },
    logout: async ({ everywhere }) => {
      await endDevices(core, session.folded, everywhere ? 'all' : [session.device], loggedOut());
      return {};
    },
    'presence.set': (params) => setPresence({ core, session, logins }, params),
  };
}

async function setPresence({ core, session }: Signed, params: Params<DirectoryMethods, 'presence.set'>) {
  session.state = params.state;
  session.endpoints = params.endpoints ?? session.endpoints;
  await core.people.changed(session);
  return {};
}

const loggedOut = (): Failure =>
  new Failure('trust', 'logged-out', 'this device has been logged out', { hint: 'Log in again to go on.' });

const accountDeleted = (): Failure =>
  new Failure('trust', 'account-deleted', 'this account has been deleted', {
    hint: 'Register another one; the name stays taken.',
  });

const notYours = (): Failure =>
  new Failure('denied', 'login-other', 'this channel belongs to another account', {
    hint: 'Log in as the account this device belongs to.',
  });

const ownerStays = (): Failure =>
  new Failure('denied', 'owner-stays', 'the owner of a directory cannot delete the account', {
    hint: 'Stop the directory and remove its data to end it as a whole.',
  });
