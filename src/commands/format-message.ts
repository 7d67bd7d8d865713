import type { HistoryMessage } from '../peer/api/peer.js';
import { cleanLine, cleanText } from '../wire/text.js';

/** How things are written for people, one line each; text from others passes the gate once more before it is shown. */

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time; the day stands before it where it isn't today's. */
export function clockTime(rfc3339: string, now: number): string {
  const at = new Date(rfc3339);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** A message's text on one line: a line break in it can't begin a line that looks like somebody else's. */
export const onOneLine = (text: string): string =>
  cleanText(text).replace(/\n+$/, '').replace(/\n/g, ' ⏎ ').replace(/\t/g, ' ');

/** `1 message`, `12 messages`. */
export const messageCount = (count: number): string => (count === 1 ? '1 message' : `${count} messages`);

export const field = (text: string): string => cleanLine(text);

/** What a text tells that begins with `/me `, as XMPP has it (XEP-0245); undefined of every other. */
export const deedOf = (text: string): string | undefined => /^\/me\s+(\S.*)$/s.exec(text)?.[1];

/** `12:03 @bob bob: text`; of one's own messages the state stands at the end. */
export function messageLine(message: Omit<HistoryMessage, 'receivedAt'>, now: number): string {
  const mark = message.state === undefined || message.state === 'delivered' ? '' : ` [${message.state}]`;
  const answers = message.replyTo === undefined ? '' : ' (reply)';
  const where = `${clockTime(message.sentAt, now)} ${field(message.conversation)}`;
  const deed = message.hidden || message.deleted ? undefined : deedOf(message.text);
  if (deed !== undefined) return `${where}${answers} * ${field(message.from)} ${onOneLine(deed)}${mark}`;
  const head = `${where} ${field(message.from)}${answers}:`;
  return `${head} ${message.hidden ? '(hidden: blocked)' : onOneLine(message.text)}${mark}`;
}
