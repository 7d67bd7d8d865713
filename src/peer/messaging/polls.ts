import { fromHex, hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { ChangeContent } from '../../wire/content.js';
import { POLL_OPTIONS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import type { SentEvent } from '../api/events.js';
import type { PollInit, PollMessage, PollsApi } from '../api/polls.js';
import type { MessageRow } from '../storage/tables.js';
import type { Conversations } from './conversation.js';
import type { History } from './history.js';
import {
  asText,
  closingTime,
  isAnswer,
  OPTION_CHARS,
  type Poll,
  pollState,
  QUESTION_CHARS,
  resultText,
  votingTime,
} from './poll.js';
import { conversationTo } from './recipient.js';

export interface PollsInit {
  readonly history: History;
  readonly conversations: Conversations;
  readonly clock: Clock;
  readonly self: { readonly user: string };
  /** Does it here and says it to the others. */
  change(content: ChangeContent): Promise<void>;
  /** A line of this person's own is on its way. */
  onSent(row: MessageRow): void;
  emit(event: SentEvent): void;
}

/** Polls as their makers and voters use them; what they are is in poll.ts. */
export class Polls implements PollsApi {
  readonly #init: PollsInit;

  constructor(init: PollsInit) {
    this.#init = init;
  }

  async ask(to: string, { question, options, several = false }: PollInit): Promise<PollMessage> {
    const poll = { question: line(question, QUESTION_CHARS), options: options.map(option), several };
    const names = new Set(poll.options.map((text) => text.toLowerCase()));
    if (names.size !== poll.options.length || names.size < 2 || names.size > POLL_OPTIONS) throw wrongOptions();
    const { conversations, self, onSent, emit } = this.#init;
    const conversation = conversationTo(self.user, to);
    const row = await conversations.of(conversation).send(asText(poll), { poll });
    onSent(row);
    emit({ event: 'sent', id: hex(row.id), conversation: row.conversation, state: row.state ?? 'queued' });
    return messageOf(row, row.poll!);
  }

  async vote(id: string, choices: readonly number[]): Promise<PollMessage> {
    const { row, poll } = await this.#find(id);
    const sorted = [...new Set(choices)].sort((one, other) => one - other);
    if (poll.closed !== undefined) throw new Failure('poll-closed');
    if (!isAnswer(poll, sorted)) throw wrongChoice(poll);
    const at = votingTime(poll, this.#init.self.user, this.#init.clock.now());
    await this.#init.change({ type: 'vote', id: row.id, choices: sorted, at });
    return this.show(id);
  }

  async close(id: string): Promise<PollMessage> {
    const { row, poll } = await this.#find(id);
    if (foldName(row.from) !== foldName(this.#init.self.user))
      throw new Failure('message-of-others', 'only who asked closes a poll', { hint: 'Ask whoever made it.' });
    if (poll.closed !== undefined) throw new Failure('poll-closed');
    const at = closingTime(poll, this.#init.clock.now());
    await this.#init.change({ type: 'close', id: row.id, at, words: resultText(poll) });
    return this.show(id);
  }

  async show(id: string): Promise<PollMessage> {
    const { row, poll } = await this.#find(id);
    return messageOf(row, poll);
  }

  async #find(id: string): Promise<{ row: MessageRow; poll: Poll }> {
    const row = await this.#init.history.find(fromHex(id));
    if (row === undefined) throw new Failure('message-unknown', 'there is no such message here');
    if (row.poll === undefined) throw new Failure('poll-unknown');
    return { row, poll: row.poll };
  }
}

const messageOf = ({ id, conversation, from }: MessageRow, poll: Poll): PollMessage => ({
  ...{ id: hex(id), conversation, from },
  poll: pollState(poll),
});

/** Whole, or refused: nothing is cut. */
function line(text: string, most: number): string {
  const cleaned = cleanLine(text, Number.POSITIVE_INFINITY);
  if (cleaned !== '' && cleaned.length <= most) return cleaned;
  throw wrongOptions(
    `a question has 1 to ${QUESTION_CHARS} characters and an answer 1 to ${OPTION_CHARS}; this one has ${cleaned.length}`,
  );
}

const option = (text: string): string => line(text, OPTION_CHARS);

const wrongOptions = (why = `a poll has 2 to ${POLL_OPTIONS} different answers`): Failure =>
  new Failure('poll-options', why);

const wrongChoice = ({ options, several }: Poll): Failure =>
  new Failure('poll-choice', `this poll takes ${several ? 'numbers' : 'one number'} from 1 to ${options.length}`);
