import { GUEST_ACCESS } from '../wire/guest-seal.js';
import { Client } from './client.js';
import { type Bytes, derive, fromBase64url } from './seal.js';
import { Trouble } from './trouble.js';

export interface Link {
  readonly id: Bytes;
  /** What is behind the #. */
  readonly secret: Bytes;
  readonly client: Client;
}

const SHARE_BYTES = 32;

/** @throws Trouble 'insecure', 'not-whole', 'guest-link-key' */
export async function linkHere(): Promise<Link> {
  if (!isSecureContext || crypto.subtle === undefined) throw new Trouble('insecure');
  const name = location.pathname.split('/').at(-1) ?? '';
  const [id, secret] = [fromBase64url(name), fromBase64url(location.hash.slice(1))];
  if (id?.length !== 16 || secret === undefined || secret.length === 0) throw new Trouble('not-whole');
  if (secret.length !== SHARE_BYTES) throw new Trouble('guest-link-key');
  return { id, secret, client: new Client(name, await derive(secret, GUEST_ACCESS)) };
}
