import { toFailure } from '../../base/errors.js';
import type { MessageEvent } from '../../peer/events.js';
import { readyEvent } from '../control/peer-methods.js';
import { eventLines } from '../events.js';
import { neededDirectory, type PeerOptions, parentGone, withPassword } from '../options.js';
import { password } from '../password.js';
import { openProfile } from '../session.js';
import type { Shell } from '../shell.js';

export interface EchoBotOptions extends PeerOptions {
  readonly name?: string | undefined;
  readonly 'with-parent'?: boolean | undefined;
}

const PREFIX = 'echo: ';

/** What the bot answers; nothing to another echo, or two bots would never end. */
export const answerTo = (text: string): string | undefined => (text.startsWith(PREFIX) ? undefined : PREFIX + text);

/**
 * A bot that answers every message with the same text: an example of a bot, and somebody to talk to in the first minutes.
 * It registers itself where its folder has no profile yet.
 */
export async function echoBot(shell: Shell, options: EchoBotOptions): Promise<void> {
  const { openPeer, profile, registerAccount } = await shell.parts.peer();
  const secret = await password(shell, { file: options['password-file'], prompt: 'Password' });
  const known = await profile(shell.home);
  if (known === undefined) {
    const directory = neededDirectory(shell, options, known);
    await registerAccount({ home: shell.home, directory, user: options.name ?? 'echo', password: secret });
  }
  const { peer } = await openProfile(shell, () => openPeer(withPassword(shell, options, secret)), { stays: true });
  const answer = async ({ conversation, from, text }: MessageEvent): Promise<void> => {
    const reply = answerTo(text);
    if (from !== peer.user && reply !== undefined) await peer.send(conversation, reply);
  };
  shell.endsWell();
  shell.scope.defer(
    peer.subscribe((event) => {
      if (event.event !== 'message') return;
      answer(event).catch((error) => shell.output.failure(toFailure(error)));
    }),
  );
  const ready = readyEvent(peer);
  shell.output.say(ready, eventLines(ready, shell.clock.now()));
  await peer.replayUnseen();
  await Promise.race([peer.ended, parentGone(shell, options)]);
}
