import type { TrustEvent } from '../../peer/api/events.js';

type Change = TrustEvent['change'];

interface Said {
  readonly text: string;
  readonly kind: 'notice' | 'error';
}

const SAYS: Readonly<Record<Change, (user: string) => Said>> = {
  new: (user) => ({
    kind: 'notice',
    text: `You meet ${user} for the first time. /verify ${user} to be sure who it is.`,
  }),
  verified: (user) => ({ kind: 'notice', text: `${user} is verified.` }),
  changed: (user) => ({
    kind: 'error',
    text: `The identity of ${user} has changed: nothing is sent until you accept it. Ask over another channel, then /verify ${user}.`,
  }),
  revoked: (user) => ({ kind: 'notice', text: `A device of ${user} was revoked; it is not talked to any more.` }),
};

/** What a change of trust in somebody means, in that conversation. */
export const trustSays = (change: Change, user: string): Said => SAYS[change](user);
