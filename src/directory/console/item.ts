import { Failure } from '../../base/errors.js';

/** What a command says: an object for programs, lines for people. */
export interface ConsoleItem {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

export const item = (json: ConsoleItem['json'], ...lines: string[]): ConsoleItem => ({ json, lines });

/** @throws Failure usage 'argument-invalid' */
export function wholeNumber(text: string, what: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw argumentInvalid(`${what} is a whole number from 1 to ${most}.`);
  return value;
}

export const argumentInvalid = (hint: string): Failure =>
  new Failure('argument-invalid', 'that is not a valid argument', { hint });
