import type { DirectoryMethods } from '../../wire/directory.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

type OfPairing = 'pairing.open' | 'pairing.answer' | 'pairing.close';

/** Codes by which somebody new comes in: the side of the device that made one. */
export const pairingHandlers: Pick<Handlers<DirectoryMethods, Signed>, OfPairing> = {
  'pairing.open': ({ core, session, logins }) => {
    logins.needLogin();
    return core.pairings.open(session, 'device');
  },
  'pairing.answer': ({ core, session }, { number, message, device }) => {
    core.pairings.answer(session, number, message, device);
    return {};
  },
  'pairing.close': ({ core, session }, { number, wrong }) => {
    core.pairings.close(session, number, wrong);
    return {};
  },
};
