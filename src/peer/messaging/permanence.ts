import type { Failure } from '../../base/errors.js';

/**
 * What a failure on the way of a message means for it: an account or a device that is gone does not come back, and what
 * can't be encoded never will be. Every other failure passes, and the message waits for it to.
 */
const PERMANENT: Readonly<Record<string, 'account' | 'device' | 'message'>> = {
  'user-unknown': 'account',
  'device-unknown': 'device',
  unencodable: 'message',
};

/** What is gone for good; undefined where waiting helps. */
export const permanenceOf = ({ code }: Failure): 'account' | 'device' | 'message' | undefined =>
  Object.hasOwn(PERMANENT, code) ? PERMANENT[code] : undefined;
