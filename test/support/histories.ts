import assert from 'node:assert/strict';
import type { Running, Said } from './processes.js';
import { messages, type Person } from './stage.js';

/** What is said of the history that devices of one account give each other. */
export const isHistory =
  (state: string, device?: string) =>
  (said: Said): boolean =>
    said.event === 'account' &&
    said.change === 'history' &&
    said.state === state &&
    (device === undefined || (said.device as { id: string }).id === device);

export const deviceOf = (running: Running): string =>
  String(running.events.find(({ event }) => event === 'ready')?.device);

/** Through the program that runs there. */
export async function says(person: Person, words: readonly string[]): Promise<readonly Said[]> {
  const { status, events, stdout, stderr } = await person.through(words);
  assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
  return events;
}

/** All lines of a device in their order, as far as all devices must agree on them. */
export async function everything(person: Person): Promise<readonly string[]> {
  // Conversations have no order among each other.
  const byConversation = new Map<unknown, string[]>();
  for (const { id, conversation, from, text, sentAt, edited, deleted } of messages(await says(person, ['export']))) {
    const lines = byConversation.get(conversation) ?? [];
    lines.push(JSON.stringify([conversation, id, from, text, sentAt, edited === true, deleted === true]));
    byConversation.set(conversation, lines);
  }
  return [...byConversation.keys()].sort().flatMap((name) => byConversation.get(name)!);
}

/** The first few places where the lines of two devices differ, so that they can be read. */
export const differing = (one: readonly string[], other: readonly string[]): string[] =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, at) => at)
    .filter((at) => one[at] !== other[at])
    .slice(0, 4)
    .map((at) => `${at} of ${one.length} and ${other.length}: ${one[at]} ${other[at]}`);
