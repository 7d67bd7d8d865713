import { hasCode } from '../../base/errors.js';
import { openDgram } from './dgram-endpoint.js';
import type { Endpoint, HostAddress } from './endpoint.js';
import { openBatch } from './gso-endpoint.js';
import { loadLibc } from './libc.js';

/**
 * The fastest socket that this machine has.
 * @param use 'dgram' leaves koffi alone even where it is there
 * @throws Failure unreachable 'address-in-use'
 */
export async function openEndpoint(address: HostAddress, use?: 'batch' | 'dgram'): Promise<Endpoint> {
  const libc = use === 'dgram' ? null : loadLibc();
  if (libc === null) return openDgram(address);
  try {
    return openBatch(libc, address);
  } catch (error) {
    if (hasCode(error, 'address-in-use')) throw error;
    return openDgram(address);
  }
}
