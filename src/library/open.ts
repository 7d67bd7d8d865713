import { systemClock } from '../base/clock.js';
import { Failure, hasCode } from '../base/errors.js';
import { Scope } from '../base/scope.js';
import { commands } from '../commands/commands.js';
import { controlPath } from '../control/path.js';
import { commandMethods, eventMethods } from '../control/peer-methods.js';
import { serveControl } from '../control/server.js';
import type { PeerEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';
import type { Peers } from '../peer/api/peers.js';
import { cleanLine, FAILURE_CAP } from '../wire/text.js';
import { Bot } from './bot.js';

export interface BotInit {
  /** The folder for everything this installation keeps, as P2PCHAT_HOME is for the program. One bot, one folder. */
  readonly home: string;
  readonly password: string;
  /** Where the folder has no profile yet: the name to register. */
  readonly user?: string;
  /** `p2pchat://HOST:PORT#FINGERPRINT`; needed where the folder has no profile yet, else its address may have changed. */
  readonly directory?: string;
  /** Where the directory takes newcomers by invitation. */
  readonly invite?: string;
  /** Where it logs in as a further device of an account with a second factor: a code, or a recovery code. */
  readonly code?: string;
  /** Address for direct links, `HOST:PORT`; every address and any port by default. */
  readonly listen?: string;
  /** What a handler threw; on standard error by default. */
  onError?(failure: Failure, event: PeerEvent): void;
}

function toStandardError({ code, message, hint }: Failure, { event }: PeerEvent): void {
  process.stderr.write(`p2pchat: ${cleanLine(`${message} ${hint} [${code}, on '${event}']`, FAILURE_CAP)}\n`);
}

/** An account whose folder was lost is still there: its password makes this a further device of it. */
async function registerOrLogIn(peers: Peers, init: BotInit): Promise<PeerApi> {
  const { user, directory, home, password, invite } = init;
  if (user === undefined || directory === undefined) {
    throw new Failure('login-incomplete');
  }
  try {
    await peers.registerAccount({ home, password, user, directory, ...(invite !== undefined && { invite }) });
  } catch (error) {
    if (!hasCode(error, 'name-taken')) throw error;
    return peers.loginPeer({ ...init, user }).catch((why) => {
      throw hasCode(why, 'wrong-credentials') ? error : why;
    });
  }
  return peers.openPeer(init);
}

/** What `openBot` does, given how a program comes to have a peer. */
export async function openBotBy(peers: Peers, given: BotInit): Promise<Bot> {
  const init = { ...given, lan: process.env.P2PCHAT_LAN !== 'off', mapping: process.env.P2PCHAT_MAPPING !== 'off' };
  const profile = await peers.profile(init.home);
  const peer = profile === undefined ? await registerOrLogIn(peers, init) : await peers.loginPeer(init);
  const scope = new Scope();
  scope.defer(() => peer.close());
  void peer.ended.then(() => scope.close());
  try {
    const methods = { ...commandMethods(peer, commands, () => systemClock.now()), ...eventMethods(peer) };
    await serveControl(await controlPath(init.home, process.env), methods, scope.child());
  } catch (error) {
    await scope.close();
    throw error;
  }
  return new Bot(peer, scope, init.onError ?? toStandardError);
}
