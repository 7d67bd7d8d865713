import type { Failure } from '../../base/errors.js';

/** What went wrong and what to do about it, as whole sentences: the messages of the inside begin in lower case. */
export function failureText({ message, hint }: Pick<Failure, 'message' | 'hint'>): string {
  return [message, hint]
    .filter((part) => part !== '')
    .map(sentence)
    .join(' ');
}

export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:…]$/.test(begun) ? begun : `${begun}.`;
}
