/** What a person left lying at a conversation: nobody else is told of it. */
export interface ConversationNote {
  /** `@user` or `#group` */
  readonly conversation: string;
  /** What was written and not sent; '' where nothing was. */
  readonly draft: string;
  /** The number by which the conversation is opened; 0 where it has none of its own. */
  readonly number: number;
}

/** Kept between starts, sealed like the history. */
export interface NotesApi {
  all(): Promise<readonly ConversationNote[]>;
  /** Resolves when it is on disk. One that says nothing is forgotten. */
  set(note: ConversationNote): Promise<void>;
}
