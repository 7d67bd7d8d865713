import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { Failure } from '../base/errors.js';

const PASSWORD_CHARS = 8;

/**
 * log10 of the guesses a password must take. At the vault's 70 ms a guess, ten million are eight days of one core;
 * through the directory, with its blocks, far more than a life.
 */
const LEAST_GUESSES_LOG10 = 7;

export interface PasswordJudgement {
  readonly ok: boolean;
  /** zxcvbn's 0 (found at once) to 4 (safe even offline). */
  readonly score: 0 | 1 | 2 | 3 | 4;
  /** Why it is weak, as a clause; empty where nothing stands out. */
  readonly reason: string;
  readonly suggestions: readonly string[];
}

/** The one spelling of what was typed (RFC 8265 §4.2.2, OpaqueString): other spaces are spaces, and NFC. */
export const preparePassword = (typed: string): string => typed.replace(/\p{Zs}/gu, ' ').normalize('NFC');

/**
 * Estimates how soon a password would be guessed. The first call loads the dictionaries (about 50 ms).
 * @param userInputs words an attacker would try first: the user's name, the directory's host
 */
export async function judgePassword(password: string, userInputs: readonly string[]): Promise<PasswordJudgement> {
  const zxcvbn = await load();
  const { score, guessesLog10, feedback } = zxcvbn.check(preparePassword(password), ['p2pchat', ...userInputs]);
  const short = Array.from(password).length < PASSWORD_CHARS;
  const reason = short ? `it has fewer than ${PASSWORD_CHARS} characters` : (REASONS[feedback.warning ?? ''] ?? '');
  const suggestions = feedback.suggestions.flatMap((key) => SUGGESTIONS[key] ?? []);
  return { ok: !short && guessesLog10 >= LEAST_GUESSES_LOG10, score, reason, suggestions };
}

/** @throws Failure usage `password-weak` with the reason */
export async function assertPassword(password: string, userInputs: readonly string[]): Promise<void> {
  const { ok, reason, suggestions } = await judgePassword(password, userInputs);
  if (ok) return;
  throw new Failure('password-weak', `The password is too weak: ${reason || 'it would soon be guessed'}.`, {
    hint: suggestions[0] ?? ANOTHER_WORD,
  });
}

let loading: Promise<ZxcvbnFactory> | undefined;

function load(): Promise<ZxcvbnFactory> {
  loading ??= Promise.all([import('@zxcvbn-ts/core'), import('@zxcvbn-ts/language-common')]).then(
    ([core, common]) => new core.ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs }),
  );
  return loading;
}

const ANOTHER_WORD =
  'Use more words, the less common the better: four or five that have nothing to do with each other.';

const REASONS: Readonly<Record<string, string>> = {
  straightRow: 'it is a row of the keyboard',
  keyPattern: 'it is a pattern on the keyboard',
  simpleRepeat: "it repeats one character, like 'aaa'",
  extendedRepeat: "it repeats itself, like 'abcabcabc'",
  sequences: "it is a sequence, like 'abc' or '6543'",
  recentYears: 'it is little more than a year',
  dates: 'it is little more than a date',
  topTen: 'it is one of the ten most used passwords',
  topHundred: 'it is one of the hundred most used passwords',
  common: 'it is a common password',
  similarToCommon: 'it is much like a common password',
  wordByItself: 'it is a single word',
  namesByThemselves: 'it is a name',
  commonNames: 'it is a common name',
  userInputs: 'it is made of your name, or of this program',
  pwned: 'it is in a list of stolen passwords',
};

const SUGGESTIONS: Readonly<Record<string, string>> = {
  l33t: "Replacing letters by lookalikes, such as '@' for 'a', adds little.",
  reverseWords: 'Writing a word backwards adds little.',
  allUppercase: 'Use capitals for some letters, not for all.',
  capitalization: 'Use capitals elsewhere than at the beginning.',
  dates: 'Leave out dates and years that have to do with you.',
  recentYears: 'Leave out recent years.',
  associatedYears: 'Leave out years that have to do with you.',
  sequences: 'Leave out sequences of characters.',
  repeated: 'Leave out repetitions.',
  longerKeyboardPattern: 'Change direction more often in a pattern on the keyboard.',
  anotherWord: ANOTHER_WORD,
  useWords: ANOTHER_WORD,
  noNeed: 'There is no need for digits, signs or capitals.',
  pwned: 'If you use it elsewhere, change it there too.',
};
