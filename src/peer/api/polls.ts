/** How a poll stands. */
export interface PollState {
  readonly question: string;
  /** Whether one may give several answers. */
  readonly several: boolean;
  /** Each answer that may be given, and who gives it. */
  readonly options: readonly { readonly text: string; readonly by: readonly string[] }[];
  /** How many people have answered. */
  readonly voters: number;
  /** RFC 3339; absent while one may vote. */
  readonly closedAt?: string;
}

/** A poll, and the message that asks it. */
export interface PollMessage {
  readonly id: string;
  readonly conversation: string;
  readonly from: string;
  readonly poll: PollState;
}

export interface PollInit {
  readonly question: string;
  /** Two to twelve. */
  readonly options: readonly string[];
  readonly several?: boolean;
}

/** Questions put to a conversation. Ids are those of the messages. */
export interface PollsApi {
  /** @param to `@user`, `user` or `#group` @throws Failure usage 'poll-options', and as `send` */
  ask(to: string, poll: PollInit): Promise<PollMessage>;
  /**
   * Gives this person's answers, in place of those given before.
   * @param choices places from 0; none takes the answer back
   * @throws Failure usage 'poll-choice', denied 'poll-closed', unknown 'message-unknown', 'poll-unknown'
   */
  vote(id: string, choices: readonly number[]): Promise<PollMessage>;
  /** Nobody votes any more. @throws Failure denied 'message-of-others' */
  close(id: string): Promise<PollMessage>;
  /** @throws Failure unknown 'message-unknown', 'poll-unknown' */
  show(id: string): Promise<PollMessage>;
}
