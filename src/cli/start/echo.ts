import type { PeerEvent } from '../../peer/events.js';
import { foldName } from '../../wire/names.js';
import { type PeerOptions, withPassword } from '../options.js';
import { password } from '../password.js';
import { openProfile } from '../session.js';
import type { Shell } from '../shell.js';

export interface EchoOptions extends PeerOptions {
  readonly name: string;
}

/** A bot that says back what it is told: somebody to talk to in the first minutes, and an example of a bot. */
export async function echo(shell: Shell, options: EchoOptions): Promise<void> {
  const secret = await password(shell, { file: options['password-file'], prompt: 'Password' });
  const { loginPeer, registerAccount, profile } = await shell.parts.peer();
  const init = withPassword(shell, options, secret);
  if ((await profile(shell.home)) === undefined) {
    await registerAccount({ ...init, directory: options.directory ?? '', user: options.name });
  }
  shell.endsWell();
  const { peer } = await openProfile(shell, () => loginPeer(init), { stays: true });
  const answer = (event: PeerEvent): void => {
    if (event.event !== 'message' || foldName(event.from) === foldName(peer.user)) return;
    shell.scope.run(
      () => peer.send(event.from, `You said: ${event.text}`),
      () => {},
    );
  };
  shell.scope.defer(peer.subscribe(answer));
  await peer.replayUnseen();
  shell.output.say({ event: 'ready', user: peer.user }, [`${peer.user} answers whoever writes to it.`]);
  await peer.ended;
}
