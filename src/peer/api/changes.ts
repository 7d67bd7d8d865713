/** What is done to messages that were said. Ids as in the history. */
export interface ChangesApi {
  /** @throws Failure denied 'message-of-others', 'poll-fixed', unknown 'message-unknown' */
  edit(id: string, text: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The same again takes it back. */
  react(id: string, emoji: string): Promise<void>;
}
