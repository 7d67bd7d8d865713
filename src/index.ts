import type { Bot } from './library/bot.js';
import { type BotInit, openBotBy } from './library/open.js';
import { peers } from './peer/session/peers.js';

/** The library: `import { openBot } from 'p2pchat'`. docs/bots.md explains it; examples/echo-bot.ts is a whole bot. */

export { type Details, Failure, hasCode, type Reason } from './base/errors.js';
export { Bot, type EventName, type EventOf, type SendFilesOptions, type SendOptions } from './library/bot.js';
export type { BotInit } from './library/open.js';
export type * from './peer/api/account.js';
export type * from './peer/api/events.js';
export type * from './peer/api/groups.js';
export type * from './peer/api/peer.js';

/**
 * Opens the folder's profile and starts its peer; where there is none yet, registers the account, or logs in as one of
 * its devices. The shell's commands on the same folder go through it, as through a chat.
 * @throws Failure credentials; usage 'name-taken', 'password-weak', 'login-incomplete'; storage 'store-in-use';
 *   unreachable, where it has to register
 */
export const openBot = (init: BotInit): Promise<Bot> => openBotBy(peers, init);
