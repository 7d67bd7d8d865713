import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { sha256 } from '../../crypto/hash.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import type { Account } from '../accounts/accounts.js';
import { takeMessages } from './conversations.js';
import { endDevices } from './devices.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';
import { setBack } from './set-back.js';

type Own =
  | 'login.start'
  | 'login.finish'
  | 'renew'
  | 'crl.get'
  | 'crl.put'
  | 'password.start'
  | 'password.finish'
  | 'account.delete'
  | 'devices.list'
  | 'devices.revoke'
  | 'logout'
  | 'preferences.get'
  | 'preferences.put'
  | 'presence.set';

const self = ({ core, session }: Signed): Promise<Account> => core.accounts.need(session.folded);

/** What an account does with itself. */
export const accountHandlers: Pick<Handlers<DirectoryMethods, Signed>, Own> = {
  'login.start': ({ session, logins }, { user, request }) => {
    if (foldName(user) !== session.folded) throw notYours();
    return logins.start(user, request);
  },
  'login.finish': async ({ logins }, { login, finish }) => {
    const { user, role, identityKey, backup } = (await logins.finish(login, finish)).account;
    return { user, role, identityKey, backup };
  },
  renew: async (signed, { csr }) => {
    const { core, session } = signed;
    return { certificate: await core.devices.renew(await self(signed), session.device, csr) };
  },
  'crl.get': ({ core }, { number }) => (number === core.revocations.number ? {} : { crl: core.revocations.der }),
  'crl.put': async (signed, { crl }) => {
    const { core } = signed;
    takeMessages(signed, 1);
    if (await core.revocations.takeBack(crl)) await setBack(core);
    return { number: core.revocations.number };
  },
  'password.start': ({ core, session, logins }, { request }) => {
    logins.needLogin();
    return { response: core.loginServer.registrationResponse(session.folded, request) };
  },
  'password.finish': async ({ core, session, logins }, { record, backup }) => {
    logins.needLogin();
    core.loginServer.assertRecord(session.folded, record);
    await core.accounts.setPassword(session.folded, record, backup);
    return {};
  },
  'account.delete': async ({ core, session, logins }) => {
    logins.needLogin();
    if (core.ownership.owner === session.folded) throw ownerStays();
    // The devices first: broken off in between, whoever logs in once more can delete it still.
    const also = () => core.accounts.delete(session.folded);
    await endDevices(core, session.folded, 'all', accountDeleted(), { also, forGood: true });
    return {};
  },
  'devices.list': ({ core, session }) => core.people.devices(session.folded),
  'devices.revoke': async ({ core, session, logins }, { device }) => {
    logins.needLogin();
    await core.devices.need(session.folded, device);
    await endDevices(core, session.folded, [device], loggedOut());
    return { revoked: 1 };
  },
  logout: async ({ core, session }, { everywhere }) => {
    await endDevices(core, session.folded, everywhere ? 'all' : [session.device], loggedOut());
    return {};
  },
  'preferences.get': async ({ core, session }) => {
    const preferences = await core.tables.preferences.get(session.folded);
    return { ...(preferences && { preferences }) };
  },
  'preferences.put': putPreferences,
  'presence.set': async ({ core, session }, { state, endpoints = session.endpoints }) => {
    await core.people.changed(session, { state, endpoints });
    return {};
  },
};

async function putPreferences(
  signed: Signed,
  { sealed, after }: Params<DirectoryMethods, 'preferences.put'>,
): Promise<Record<string, never>> {
  const { core, session } = signed;
  takeMessages(signed, 1);
  const tag = sha256(sealed).subarray(0, 16);
  await core.tables.preferences.update(session.folded, (row) => {
    if (hex(row?.tag ?? NONE) !== hex(after ?? NONE)) throw new Failure('preferences-moved');
    return { tag, sealed };
  });
  for (const own of core.sessions.of(session.folded)) if (own !== session) own.notify('preferences', { tag });
  return {};
}

const NONE = new Uint8Array(0);

const loggedOut = (): Failure => new Failure('logged-out');

export const accountDeleted = (): Failure => new Failure('account-deleted');

const notYours = (): Failure => new Failure('login-other');

const ownerStays = (): Failure => new Failure('owner-stays');
