import { define } from './command.js';

export const passwd = define({
  name: 'passwd',
  slash: 'passwd',
  parameters: {
    current: { type: 'secret', about: 'Current password' },
    next: { type: 'secret', about: 'New password', twice: true },
  },
  about: 'Changes the password. It is asked for, never written on the line.',
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
  },
  about: "Ends the session and revokes this device's certificate; the history stays on disk.",
  examples: { slash: '', shell: '--everywhere' },

  async *run(peer, { everywhere }) {
    await peer.logout(everywhere === true);
    yield { event: 'logged-out', user: peer.user, everywhere: everywhere === true };
  },

  lines: ({ everywhere }) => [everywhere ? 'Logged out on every device.' : 'Logged out on this device.'],
});

export const deleteAccount = define({
  name: 'account delete',
  parameters: {
    password: { type: 'secret', about: 'Password' },
  },
  about: 'Deletes the account at the directory, for good; the history stays on disk.',
  examples: { shell: '' },

  async *run(peer, { password }) {
    await peer.deleteAccount(password);
    yield { event: 'account-deleted', user: peer.user };
  },

  lines: ({ user }) => [`The account '${user}' is deleted.`],
});
