import type { Whoami } from '../peer/api/peer.js';
import { define } from './command.js';
import { field } from './format-message.js';

const itemOf = (me: Whoami): Whoami & { readonly event: 'whoami' } => ({ event: 'whoami', ...me });

export const whoami = define({
  name: 'whoami',
  slash: 'whoami',
  parameters: {},
  about: 'Show which account and device this installation uses.',
  examples: { slash: '', shell: '--json' },
  fromProfile: (me) => ({ ...itemOf(me) }),

  async *run(peer) {
    yield itemOf(peer.whoami());
  },

  lines: (me) =>
    [
      `user         ${field(me.user)}`,
      `device       ${me.device}`,
      `directory    ${field(me.directory)}`,
      `home         ${field(me.home)}`,
      me.role === undefined ? '' : `role         ${me.role}`,
      me.fingerprint === undefined ? '' : `fingerprint  ${me.fingerprint}`,
    ].filter((line) => line !== ''),
});
