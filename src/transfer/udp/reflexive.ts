import { isAddress } from '../../wire/address.js';
import { decodeEchoResponse } from '../../wire/datagrams/echo.js';
import { viewOf } from '../../wire/datagrams/header.js';
import type { HostAddress } from './endpoint.js';
import { hostOf } from './sockaddr.js';

/** @returns the address that was seen, or null where it answers another request or names none */
export function readEcho(datagram: Uint8Array, token: Uint8Array): HostAddress | null {
  try {
    const { address, port } = decodeEchoResponse(datagram, token);
    const there = { host: hostOf(viewOf(address), 0, address.length), port };
    return isAddress(there) ? there : null;
  } catch {
    return null;
  }
}
