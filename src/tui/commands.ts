/** What the screen needs of the commands, those of the peer's table and its own. */

export interface CommandInfo {
  /** Without the slash. */
  readonly name: string;
  /** `/msgto USER TEXT` */
  readonly usage: string;
  /** One sentence. */
  readonly about: string;
  /** What stands in each place, for completion: a kind, or the words to choose from. */
  readonly takes: readonly ('user' | 'conversation' | 'group' | 'path' | 'command' | 'text' | readonly string[])[];
}

/** What is shown with a question, over everything else, and goes with it. */
export interface Beside {
  /** Of equal width. */
  readonly qr: readonly string[];
  readonly lines: readonly string[];
}

export interface CommandContext {
  /** The open conversation, for commands that mean it when none is named. */
  readonly current: string | undefined;
  /** Asks for something that must not be seen. Undefined where the person gave up. */
  secret(label: string): Promise<string | undefined>;
  /** Asks for something that may be seen while it is typed. */
  ask(label: string, beside: Beside): Promise<string | undefined>;
}

export interface CommandResult {
  readonly lines: readonly string[];
  /** The conversation to open, where the command opens one. */
  readonly open?: string;
}

export interface CommandRunner {
  readonly list: readonly CommandInfo[];
  /**
   * Runs a line that begins with a slash.
   * @throws Failure `usage`, `command-unknown` (naming the nearest one) and whatever the command fails with
   */
  run(line: string, context: CommandContext): Promise<CommandResult>;
}
