/** The library: `import { openBot } from 'p2pchat'`. docs/bots.md explains it; examples/echo-bot.ts is a whole bot. */

export { type Details, Failure, hasCode, type Reason } from './base/errors.js';
export { Bot, type EventName, type EventOf, type SendFilesOptions, type SendOptions } from './library/bot.js';
export { type BotInit, openBot } from './library/open.js';
export type * from './peer/api/events.js';
export type * from './peer/api/groups.js';
export type * from './peer/api/peer.js';
