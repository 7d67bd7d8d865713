import { Failure } from '../base/errors.js';

/**
 * Names of users and groups: ASCII letters, digits, `_`, `-`, `.`, 1–32 characters, beginning with a letter or digit.
 * ASCII alone leaves no homoglyphs and no second spelling under normalisation; two names are the same where their folded
 * forms are.
 */
export interface Name {
  /** As its owner wrote it; for showing. */
  readonly name: string;
  /** For comparing and as a key. */
  readonly folded: string;
}

export const NAME_MAX = 32;

const NAME = /^[a-z0-9][a-z0-9._-]{0,31}$/i;

/** Words the screen uses for the system itself or for everybody: a user of that name could speak for them. */
const RESERVED = new Set(['all', 'directory', 'everyone', 'here', 'p2pchat', 'system']);

const RULE = `Use 1 to ${NAME_MAX} of the letters a–z, digits, '_', '-' and '.', beginning with a letter or digit.`;

/** The form names are compared in. Idempotent; locale plays no part, because names are ASCII. */
export const foldName = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether `text` has the form of a name; reserved words have it too. */
export const isName = (text: string): boolean => NAME.test(text);

function parse(text: string, what: string): Name {
  if (!isName(text)) {
    throw new Failure('name-invalid', `That is not a valid ${what} name.`, { hint: RULE });
  }
  return { name: text, folded: foldName(text) };
}

/**
 * A user's name, without a leading `@`.
 * @throws Failure usage `name-invalid`, `name-reserved`
 */
export function parseUserName(text: string): Name {
  const name = parse(text, 'user');
  if (RESERVED.has(name.folded)) {
    throw new Failure('name-reserved', `The name '${name.name}' is reserved.`);
  }
  return name;
}

/**
 * A group's name, without a leading `#`.
 * @throws Failure usage `name-invalid`
 */
export const parseGroupName = (text: string): Name => parse(text, 'group');
