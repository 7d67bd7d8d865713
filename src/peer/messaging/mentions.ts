import { foldName, NAME_MAX } from '../../wire/names.js';

/** Who is meant by everybody in a group; no account has such a name (wire/names.ts). */
const EVERYBODY: ReadonlySet<string> = new Set(['all', 'everyone']);

/** `@name`, not inside a word, an e-mail address or a path. */
const NAMED = new RegExp(`(?<![\\p{L}\\p{N}\\p{M}_.@/+-])@([A-Za-z0-9][A-Za-z0-9._-]{0,${NAME_MAX + 8}})`, 'gu');
/** What may end a name, and more often ends a sentence. */
const TAIL = /[._-]$/;

/** The names in a text, folded; with `bob.` also `bob`, because both could be meant. */
function* namesIn(text: string): Generator<string> {
  if (!text.includes('@')) return;
  for (const [, word = ''] of text.matchAll(NAMED)) {
    let name = foldName(word);
    yield name;
    while (TAIL.test(name)) {
      name = name.slice(0, -1);
      yield name;
    }
  }
}

/** Whether the text names `user`. */
export function names(text: string, user: string): boolean {
  const folded = foldName(user);
  for (const name of namesIn(text)) if (name === folded) return true;
  return false;
}

/** Whether the text names everybody. */
export function namesAll(text: string): boolean {
  for (const name of namesIn(text)) if (EVERYBODY.has(name)) return true;
  return false;
}
