import { Failure } from '../base/errors.js';
import type { PeerApi } from '../peer/api/peer.js';
import type { Context } from './command.js';
import { assertConversation } from './known.js';
import type { Parameter } from './parameter.js';

export const HERE = {
  type: 'conversation',
  optional: true,
  about: '@user or #group; in the chat, the current one by default',
} as const satisfies Parameter;

/** As `conversationsHere` takes it. */
export const HERE_OR_ALL = {
  ...HERE,
  about: '@user or #group; without it the current one, and in a shell all',
} as const satisfies Parameter;

/** The conversation that was named, or the one the chat is in. @throws Failure usage 'conversation-needed' */
export function conversationHere(named: string | undefined, { current }: Context): string {
  const conversation = named ?? current;
  if (conversation !== undefined) return conversation;
  throw new Failure('conversation-needed');
}

/**
 * The one that was named, or the one the chat is in; elsewhere all.
 * @throws Failure unknown 'user-unknown', 'group-unknown'
 */
export async function conversationsHere(
  peer: PeerApi,
  named: string | undefined,
  { current }: Context,
): Promise<readonly string[]> {
  if (named !== undefined) await assertConversation(peer, named);
  const one = named ?? current;
  return one === undefined ? (await peer.conversations()).map(({ conversation }) => conversation) : [one];
}
