import { timestamp } from '../../base/clock.js';
import type { PollQuestion } from '../../wire/content.js';
import { CLOCK_SKEW_MS, POLL_VOTERS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import type { PollState } from '../api/polls.js';
import { type MessageRow, VOTES_EACH } from '../storage/message-row.js';

/**
 * What a device knows of a poll: the question, everybody's votes, and when it was closed. Each vote says when it was given,
 * by its voter's clock; of each person the latest counts that is not later than the close. So all devices come to the same
 * result, in whatever order votes and close arrive: which is why votes are kept that another one has replaced.
 */

export type Poll = NonNullable<MessageRow['poll']>;
export type Vote = Poll['votes'][number];

/** UTF-16 code units. */
export const QUESTION_CHARS = 300;
export const OPTION_CHARS = 100;

export const pollOf = ({ question, options, several }: PollQuestion): Poll => ({
  question: cleanLine(question, QUESTION_CHARS),
  options: options.map((option) => cleanLine(option, OPTION_CHARS)),
  several,
  votes: [],
});

export const questionOf = ({ question, options, several }: Poll): PollQuestion => ({ question, options, several });

/** Of two votes of one person at one time all devices choose the same. */
const byTime = (one: Vote, other: Vote): number => one.at - other.at || compare(`${one.choices}`, `${other.choices}`);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const isSame = (one: Vote, other: Vote): boolean =>
  foldName(one.user) === foldName(other.user) && byTime(one, other) === 0;

export const isAnswer = ({ options, several }: Poll, choices: readonly number[]): boolean =>
  new Set(choices).size === choices.length &&
  choices.every((choice) => choice < options.length) &&
  (several || choices.length <= 1);

/** Undefined where it is known already, or is no answer to this. */
export function voted(poll: Poll, vote: Vote): Poll | undefined {
  if (!isAnswer(poll, vote.choices) || poll.votes.some((one) => isSame(one, vote))) return undefined;
  const isTheirs = ({ user }: Vote): boolean => foldName(user) === foldName(vote.user);
  const theirs = [...poll.votes.filter(isTheirs), vote].sort(byTime).slice(-VOTES_EACH);
  const others = poll.votes.filter((one) => !isTheirs(one));
  const voters = new Set(others.map(({ user }) => foldName(user)));
  return voters.size >= POLL_VOTERS ? undefined : { ...poll, votes: [...others, ...theirs] };
}

/** Of several closes the first counts. */
export const closed = (poll: Poll, at: number): Poll | undefined =>
  poll.closed !== undefined && poll.closed <= at ? undefined : { ...poll, closed: at };

/** What two devices know of the same poll. */
export function joined(here: Poll, there: Poll): Poll {
  const poll = there.votes.reduce((known, vote) => voted(known, vote) ?? known, here);
  return there.closed === undefined ? poll : (closed(poll, there.closed) ?? poll);
}

/** Each person's vote that counts, in the order in which people came to it. */
export function counted({ votes, closed: end = Number.POSITIVE_INFINITY }: Poll): readonly Vote[] {
  const latest = new Map<string, Vote>();
  for (const vote of [...votes].sort(byTime)) if (vote.at <= end) latest.set(foldName(vote.user), vote);
  return [...latest.values()].filter(({ choices }) => choices.length > 0);
}

/** Later than the votes that are known; but nobody's clock keeps a poll open for years. */
export const closingTime = ({ votes }: Poll, now: number): number =>
  Math.max(now, ...votes.map(({ at }) => at).filter((at) => at <= now + CLOCK_SKEW_MS));

/** Later than what the same person said before, whatever the clocks of their devices say. */
export const votingTime = ({ votes }: Poll, user: string, now: number): number =>
  Math.max(now, ...votes.filter((vote) => foldName(vote.user) === foldName(user)).map(({ at }) => at + 1));

export function pollState(poll: Poll): PollState {
  const votes = counted(poll);
  return {
    question: poll.question,
    several: poll.several,
    options: poll.options.map((text, at) => ({
      text,
      by: votes.filter(({ choices }) => choices.includes(at)).map(({ user }) => user),
    })),
    voters: votes.length,
    ...(poll.closed !== undefined && { closedAt: timestamp(poll.closed) }),
  };
}

/** As a program of before shows it, and a notice. */
export const asText = ({ question, options }: PollQuestion): string =>
  [`Poll: ${question}`, ...options.map((option, at) => `${at + 1}. ${option}`)].join('\n');

export function resultText(poll: Poll): string {
  const { options } = pollState(poll);
  return [`Poll closed: ${poll.question}`, ...options.map(({ text, by }) => `${by.length} for ${text}`)].join('\n');
}
