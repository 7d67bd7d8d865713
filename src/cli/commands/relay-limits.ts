import { rateOption, sizeOption } from '../options.js';
import type { RelayLimits } from '../parts.js';

export interface RelayLimitOptions {
  readonly 'relay-quota'?: string | undefined;
  readonly 'relay-day'?: string | undefined;
  readonly 'relay-rate'?: string | undefined;
}

/** @throws Failure usage 'argument-invalid' */
export function relayLimits(options: RelayLimitOptions): RelayLimits {
  const quota = sizeOption('relay-quota', options['relay-quota']);
  const relayDay = sizeOption('relay-day', options['relay-day']);
  const relayRate = rateOption('relay-rate', options['relay-rate']);
  return {
    ...(quota !== undefined && { accountDay: quota, pairDay: quota }),
    ...(relayDay !== undefined && { relayDay }),
    ...(relayRate !== undefined && { relayRate }),
  };
}
