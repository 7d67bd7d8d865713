import { Failure } from '../../base/errors.js';
import { rateOf, sizeOf } from '../../commands/parse-unit.js';
import type { RelayLimits } from '../parts.js';

export interface RelayLimitOptions {
  readonly 'relay-quota'?: string | undefined;
  readonly 'relay-day'?: string | undefined;
  readonly 'relay-rate'?: string | undefined;
}

/** @throws Failure usage 'argument-invalid' */
export function relayLimits(options: RelayLimitOptions): RelayLimits {
  const quota = read('relay-quota', options, sizeOf, 'Write 500MB or 2GiB.');
  const relayDay = read('relay-day', options, sizeOf, 'Write 500MB or 2GiB.');
  const relayRate = read('relay-rate', options, rateOf, 'Write 10MB/s or 400Mbit/s.');
  return {
    ...(quota !== undefined && { accountDay: quota, pairDay: quota }),
    ...(relayDay !== undefined && { relayDay }),
    ...(relayRate !== undefined && { relayRate }),
  };
}

function read(
  name: keyof RelayLimitOptions,
  options: RelayLimitOptions,
  parse: (word: string) => number | undefined,
  hint: string,
): number | undefined {
  const given = options[name];
  const value = given === undefined ? undefined : parse(given);
  if (given === undefined || value !== undefined) return value;
  throw new Failure('argument-invalid', `--${name}: that is not a size.`, { hint });
}
