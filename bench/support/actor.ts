/**
 * The other processes of a bench, as children with an IPC channel: `directory DATA` runs a directory and tells its
 * link; `listener HOME USER LINK PASSWORD` is a person who tells when each message came.
 */

import { startDirectory } from '../../src/directory/directory.js';
import { registerAccount } from '../../src/peer/account/register.js';
import { loginPeer } from '../../src/peer/session/open.js';

/** What an actor tells: that it is there, and what it got. Times are process.hrtime's, one clock for all processes. */
export type Told = { readonly ready: string } | { readonly text: string; readonly at: string };

const tell = (told: Told): void => void process.send!(told);

const [role, ...args] = process.argv.slice(2);
if (role === 'directory') {
  const directory = await startDirectory({ data: args[0]!, listen: { host: '127.0.0.1', port: 0 } });
  process.on('disconnect', () => void directory.close());
  tell({ ready: directory.link });
} else {
  const [home, user, directory, password] = args as [string, string, string, string];
  await registerAccount({ home, user, directory, password });
  const peer = await loginPeer({ home, user, password, listen: '127.0.0.1:0' });
  peer.subscribe((event) => {
    if (event.event === 'message') tell({ text: event.text, at: String(process.hrtime.bigint()) });
  });
  process.on('disconnect', () => void peer.close());
  tell({ ready: user });
}
