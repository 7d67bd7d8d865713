import { Failure } from '../base/errors.js';
import type { PollMessage } from '../peer/api/polls.js';
import { type Command, type Context, define } from './command.js';
import { conversationHere, conversationsHere, HERE, HERE_OR_ALL } from './conversation-here.js';
import { clockTime, field } from './format-message.js';
import { assertConversation } from './known.js';
import { chosenMessage } from './message-selector.js';
import type { Parameter } from './parameter.js';

const POLL = 'the poll: its id or the beginning of it; in the chat the newest by default';
const ID = { type: 'words', flag: true, optional: true, about: POLL } as const satisfies Parameter;

interface Item extends PollMessage {
  readonly event: 'poll';
}

const BAR = 12;

/** The question, and a row for each answer: its number, how many gave it, and who. */
export function pollLines({ id, from, poll }: PollMessage, { face, now }: Pick<Context, 'face' | 'now'>): string[] {
  const most = Math.max(1, ...poll.options.map(({ by }) => by.length));
  const several = poll.several ? ', several answers' : '';
  const closed = poll.closedAt === undefined ? '' : `, closed ${clockTime(poll.closedAt, now())}`;
  const rows = poll.options.map(({ text, by }, at) => {
    const bar = '█'.repeat(Math.round((BAR * by.length) / most)).padEnd(BAR);
    const who = by.length === 0 ? '' : ` (${by.map(field).join(', ')})`;
    return `  ${String(at + 1).padStart(2)} ${bar} ${String(by.length).padStart(3)}  ${field(text)}${who}`;
  });
  const name = face === 'slash' ? id.slice(0, 8) : id;
  return [`${field(poll.question)}  (${field(from)}, ${name}${several}${closed})`, ...rows];
}

const shown = (item: Item, context: Context): string[] => (context.face === 'slash' ? [] : pollLines(item, context));

const ask = define({
  name: 'poll',
  slash: 'poll',
  parameters: {
    ask: { type: 'words', about: 'the question and the answers, with a bar between them: Where? | Here | There' },
    several: { type: 'switch', flag: true, optional: true, about: 'one may give several answers' },
    in: { ...HERE, flag: true },
  },
  slashTakes: { several: 'several', in: 'CONVERSATION', ask: 'QUESTION | ANSWER | ANSWER' },
  about: 'Ask a conversation a question with two to twelve answers to choose from.',
  examples: { slash: 'Where do we eat? | Pizza | Pasta', shell: "'Where do we eat? | Pizza | Pasta' --in '#lobby'" },
  async *run(peer, { ask: said, several, in: named }, context): AsyncIterable<Item> {
    const to = conversationHere(named, context);
    if (named !== undefined) await assertConversation(peer, to);
    const [question = '', ...options] = said.split('|').map((part) => part.trim());
    const init = { question, options: options.filter((option) => option !== ''), several: several === true };
    yield { event: 'poll', ...(await peer.polls.ask(to, init)) };
  },
  lines: shown,
});

/** `2`, `1 3`, `1,3`; `none` takes back what was said. @throws Failure usage 'poll-choice' */
function choicesOf(words: string): number[] {
  if (words.trim().toLowerCase() === 'none') return [];
  const numbers = words.split(/[\s,]+/).filter(Boolean);
  if (numbers.length === 0 || !numbers.every((word) => /^[1-9]\d?$/.test(word)))
    throw new Failure('poll-choice', 'a vote is the numbers of answers, or none', { hint: 'For example: /vote 2' });
  return numbers.map((word) => Number(word) - 1);
}

const vote = define({
  name: 'vote',
  slash: 'vote',
  parameters: {
    choices: { type: 'words', about: 'the numbers of your answers: 2, or 1 3; none takes your vote back' },
    id: ID,
  },
  slashTakes: { choices: 'N', id: 'ID' },
  about: 'Answer a poll; voting again replaces what you said before.',
  examples: { slash: '2', shell: '2 --id ID' },
  async *run(peer, { choices, id }, context): AsyncIterable<Item> {
    const chosen = await chosenMessage(peer, id, context, 'polls');
    yield { event: 'poll', ...(await peer.polls.vote(chosen, choicesOf(choices))) };
  },
  lines: shown,
});

const closePoll = define({
  name: 'closepoll',
  slash: 'closepoll',
  parameters: { id: { type: 'words', optional: true, about: POLL } },
  about: 'Close one of your polls: later votes do not count.',
  examples: { slash: '', shell: 'ID' },
  async *run(peer, { id }, context): AsyncIterable<Item> {
    const chosen = await chosenMessage(peer, id, context, 'polls');
    yield { event: 'poll', ...(await peer.polls.close(chosen)) };
  },
  lines: shown,
});

/** So far back polls are looked for. */
const LOOKED_AT = 1_000;

const polls = define({
  name: 'polls',
  slash: 'polls',
  empty: 'Nobody has asked anything there.',
  parameters: { conversation: HERE_OR_ALL },
  about: 'Show the polls of a conversation and how they stand.',
  examples: { slash: '#lobby', shell: '@bob' },
  async *run(peer, { conversation }, context): AsyncIterable<Item> {
    for (const chosen of await conversationsHere(peer, conversation, context))
      for (const { id, from, poll } of await peer.history({ conversation: chosen, limit: LOOKED_AT }))
        if (poll !== undefined) yield { event: 'poll', id, conversation: chosen, from, poll };
  },
  lines: (item, context) => pollLines(item, context),
});

export const pollCommands: readonly Command[] = [ask, vote, closePoll, polls];
