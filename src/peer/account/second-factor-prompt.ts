import { type Failure, toFailure } from '../../base/errors.js';
import type { AskCode } from '../api/account.js';
import { asksForCode } from '../api/account.js';

/** The code of the second factor, while a login waits for it. */

export interface CodeSource {
  readonly code?: string;
  readonly askCode?: AskCode;
}

export interface Credentials extends CodeSource {
  readonly user: string;
  readonly password: string;
}

/** Asks again after each wrong code, on the same login, until it is let in or refused for another reason. */
export async function withCode<T>(
  finish: (code: string | undefined) => Promise<T>,
  code: string | undefined,
  askCode: AskCode | undefined,
): Promise<T> {
  for (let shown = code; ; ) {
    try {
      return await finish(shown);
    } catch (error) {
      if (askCode === undefined || !asksForCode(error)) throw error;
      shown = await askCode(toFailure(error));
    }
  }
}

/** A channel for logging in does not wait for ever: who took longer to find the code logs in anew, with that code. */
export async function whileAsking<T>(
  { code, askCode }: CodeSource,
  login: (source: CodeSource) => Promise<T>,
): Promise<T> {
  const given = code === undefined ? {} : { code };
  if (askCode === undefined) return login(given);
  let answer: string | undefined;
  const ask: AskCode = async (why) => {
    answer = await askCode(why);
    return answer;
  };
  try {
    return await login({ ...given, askCode: ask });
  } catch (error) {
    if (answer === undefined || !isOver(toFailure(error))) throw error;
    return login({ code: answer, askCode });
  }
}

/** The password was right on that channel before: it is the login that has become too old. */
const isOver = ({ reason, code }: Failure): boolean => reason === 'unreachable' || code === 'wrong-credentials';
