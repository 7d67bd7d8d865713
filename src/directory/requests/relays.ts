import type { DirectoryMethods } from '../../wire/directory.js';
import { encodeNotice } from '../../wire/session.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

/** Who may meet at a relay, and how one calls the other: the caller's device, and one that is another's. */
export const relayHandlers: Pick<Handlers<DirectoryMethods, Signed>, 'relay.token' | 'call'> = {
  'relay.token': async ({ core, session }, { user, device, key }) => {
    const account = await core.accounts.need(user);
    await core.devices.need(account.folded, device);
    const holder = { user: session.user, device: session.device };
    return { relays: core.relays.grants({ holder, other: { user: account.user, device }, key }) };
  },
  call: async ({ core, session }, { user, device, sealed }) => {
    const account = await core.accounts.need(user);
    const other = core.sessions.find(account.folded, device);
    if (other?.hearsCalls !== true) return { there: false };
    // Worth something now or not at all: nothing is kept, and whoever reads slowly misses it.
    other.pushSignal(encodeNotice('call', { from: { user: session.user, device: session.device }, sealed }));
    return { there: true };
  },
};
