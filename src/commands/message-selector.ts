import { Failure } from '../base/errors.js';
import type { HistoryMessage, PeerApi } from '../peer/api/peer.js';
import type { Context } from './command.js';

/** Which message is meant: in the chat by its place from the end, or the beginning of its id. */

export const WHICH = 'the message: its id, the beginning of it, or 2 for the last but one; without it the newest';

const WHOLE = /^[0-9a-f]{32}$/;
const PREFIX = /^[0-9a-f]{4,31}$/;
const PLACE = /^[1-9]\d?$/;
/** So far back one looks. */
const LOOKED_AT = 200;

const needed = (hint: string): Failure => new Failure('message-needed', 'Which message?', { hint });

/** Which messages could be meant. */
type Whose = 'own' | 'others' | 'any' | 'polls' | 'pinned';

const MEANT: Readonly<Record<Whose, (line: HistoryMessage, self: string) => boolean>> = {
  own: ({ from }, self) => from === self,
  others: ({ from }, self) => from !== self,
  any: () => true,
  polls: ({ poll }) => poll !== undefined,
  pinned: ({ pinned }) => pinned === true,
};

/**
 * The messages of the conversation the chat is in that could be meant, newest first: one's own where they are to be changed,
 * else those of others; of a conversation with oneself alone in it, all.
 */
async function candidates(peer: PeerApi, conversation: string, whose: Whose): Promise<HistoryMessage[]> {
  const lines = await peer.history({ conversation, limit: LOOKED_AT });
  const said = lines.filter(({ deleted, hidden }) => !deleted && !hidden).reverse();
  const found = said.filter((line) => MEANT[whose](line, peer.user));
  return found.length === 0 && whose === 'others' ? said : found;
}

/**
 * @param which an id, the beginning of one, or a place from the end; the newest without
 * @throws Failure usage 'message-needed', 'message-ambiguous'; unknown 'message-unknown'
 */
export async function chosenMessage(
  peer: PeerApi,
  which: string | undefined,
  { current }: Pick<Context, 'current'>,
  whose: Whose,
): Promise<string> {
  if (which !== undefined && WHOLE.test(which)) return which;
  if (current === undefined) throw needed('Give its whole id: p2pchat history --json shows the ids.');
  const found = await placed(peer, which ?? '1', current, whose);
  if (found !== undefined) return found;
  if (which === undefined) throw needed('There is none yet that could be meant.');
  throw new Failure('message-unknown', 'there is no such message in this conversation', {
    hint: 'Give 1 for the newest, 2 for the one before, or the beginning of its id (history --json).',
  });
}

async function placed(peer: PeerApi, which: string, current: string, whose: Whose) {
  const said = await candidates(peer, current, whose);
  if (PLACE.test(which)) return said[Number(which) - 1]?.id;
  if (!PREFIX.test(which)) return undefined;
  const fitting = said.filter(({ id }) => id.startsWith(which));
  if (fitting.length < 2) return fitting[0]?.id;
  throw new Failure('message-ambiguous');
}

/** `2 Yes, at six`: whether the first word of a text says which message is meant, and what the rest says. */
export async function ofText(
  peer: PeerApi,
  text: string,
  { current }: Pick<Context, 'current'>,
): Promise<{ which: string | undefined; text: string }> {
  const [, word = '', rest = ''] = /^(\S+)\s+(\S.*)$/s.exec(text) ?? [];
  const whole = { which: undefined, text };
  if (rest === '' || current === undefined) return whole;
  if (WHOLE.test(word) || PLACE.test(word)) return { which: word, text: rest };
  // A word such as 'feed' is an id only where there is a message of that id.
  if (!PREFIX.test(word)) return whole;
  const isOne = (await candidates(peer, current, 'others')).some(({ id }) => id.startsWith(word));
  return isOne ? { which: word, text: rest } : whole;
}
