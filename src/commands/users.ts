import { define } from './command.js';
import { clockTime, field } from './format-message.js';

export const users = define({
  name: 'users',
  slash: 'activeuser',
  parameters: {},
  about: 'List users with their state, role and when they were last seen.',
  examples: { slash: '', shell: '' },

  async *run(peer) {
    for (const user of await peer.users()) yield { event: 'presence', ...user };
  },

  lines({ user, state, role, lastSeen }, { now }) {
    const seen = state === 'online' ? '' : `last seen ${clockTime(lastSeen, now())}`;
    return [`${field(user).padEnd(20)} ${state.padEnd(8)} ${role.padEnd(12)} ${seen}`.trimEnd()];
  },
});
