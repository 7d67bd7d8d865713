/** What the program says of itself to its operator. Never content, never a secret: user names, commands, outcomes. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is said at a level is said at those before it, too. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  /** Where it can be changed while it is used. */
  level?: LogLevel;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ignore = (): void => {};

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
