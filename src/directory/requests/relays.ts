import type { DirectoryMethods } from '../../wire/directory.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

/** Who may meet at a relay: the caller's device, and one that is another's. */
export const relayHandlers: Pick<Handlers<DirectoryMethods, Signed>, 'relay.token'> = {
  'relay.token': async ({ core, session }, { user, device, key }) => {
    const account = await core.accounts.need(user);
    await core.devices.need(account.folded, device);
    const holder = { user: session.user, device: session.device };
    return { relays: core.relays.grants({ holder, other: { user: account.user, device }, key }) };
  },
};
