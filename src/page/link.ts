import { GUEST_ACCESS, GUEST_PIN_BYTES, GUEST_SECRET_BYTES } from '../wire/guest-seal.js';
import { Client } from './client.js';
import { type Bytes, derive, fromBase64url } from './seal.js';
import { Trouble } from './trouble.js';

export interface Link {
  readonly id: Bytes;
  /** What stands behind the #, without the pin. */
  readonly secret: Bytes;
  /** Of a link for handing in: SHA-256 of the key to which it is sealed. */
  readonly pin: Bytes | undefined;
  readonly client: Client;
}

/** What kind of link it is stands in the length of what is behind the #. @throws Trouble */
export async function linkHere(): Promise<Link> {
  if (!isSecureContext || crypto.subtle === undefined) throw new Trouble('insecure');
  const name = location.pathname.split('/').at(-1) ?? '';
  const [id, whole] = [fromBase64url(name), fromBase64url(location.hash.slice(1))];
  if (id?.length !== 16 || whole === undefined || whole.length === 0) throw new Trouble('not-whole');
  const isCollect = whole.length === GUEST_SECRET_BYTES + GUEST_PIN_BYTES;
  if (!isCollect && whole.length !== GUEST_SECRET_BYTES) throw new Trouble('guest-link-key');
  const secret = whole.slice(0, GUEST_SECRET_BYTES);
  const pin = isCollect ? whole.slice(GUEST_SECRET_BYTES) : undefined;
  return { id, secret, pin, client: new Client(name, await derive(secret, GUEST_ACCESS)) };
}
