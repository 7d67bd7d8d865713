import { define } from './command.js';

export const passwd = define({
  name: 'passwd',
  slash: 'passwd',
  parameters: {
    current: { type: 'secret', about: 'Current password' },
    next: { type: 'secret', about: 'New password', twice: true },
  },
  about: 'Change your password; it is asked for, never typed on the command line.',
  examples: { slash: '', shell: '--password-file OLD --new-password-file NEW' },

  async *run(peer, { current, next }) {
    await peer.changePassword(current, next);
    yield { event: 'password-changed', user: peer.user };
  },

  lines: () => ['The password is changed.'],
});

export const logout = define({
  name: 'logout',
  slash: 'logout',
  parameters: {
    everywhere: { type: 'switch', flag: true, optional: true, about: 'every device of the account' },
    password: { type: 'secret', about: 'Password', when: { everywhere: ['true'] } },
  },
  about: "Log out: end the session and revoke this device's certificate; the history stays on disk.",
  examples: { slash: '', shell: '--everywhere' },

  async *run(peer, { everywhere, password }) {
    await peer.logout(everywhere === true, password);
    yield { event: 'logged-out', user: peer.user, everywhere: everywhere === true };
  },

  lines: ({ everywhere }) => [everywhere ? 'Logged out on every device.' : 'Logged out on this device.'],
});

export const deleteAccount = define({
  name: 'account delete',
  parameters: {
    password: { type: 'secret', about: 'Password' },
  },
  about: 'Delete your account at the directory for good; the history stays on this disk.',
  examples: { shell: '' },

  async *run(peer, { password }) {
    await peer.deleteAccount(password);
    yield { event: 'account-deleted', user: peer.user };
  },

  lines: ({ user }) => [`The account '${user}' is deleted.`],
});
