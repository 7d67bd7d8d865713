import { Failure } from '../../base/errors.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { PAIRING_MS } from '../../wire/limits.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

type OfPairing = 'pairing.open' | 'pairing.invite' | 'pairing.answer' | 'pairing.close';

/** Codes by which somebody new comes in: the side of the device that made one. */
export const pairingHandlers: Pick<Handlers<DirectoryMethods, Signed>, OfPairing> = {
  'pairing.open': ({ core, session, logins }) => {
    logins.needLogin();
    return core.pairings.open(session, 'device');
  },
  'pairing.invite': async ({ core, session }) => {
    if (core.ownership.registration === 'closed') throw new Failure('registration-closed');
    const opened = core.pairings.open(session, 'invitation');
    // Whoever has begun within the code's time ends in peace.
    const { token } = await core.invitations.create({ uses: 1, lifetimeMs: 2 * PAIRING_MS, by: session.folded });
    return { ...opened, invite: token };
  },
  'pairing.answer': ({ core, session }, params) => {
    core.pairings.answer(session, params);
    return {};
  },
  'pairing.close': ({ core, session }, { number, wrong }) => {
    core.pairings.close(session, number, wrong);
    return {};
  },
};
