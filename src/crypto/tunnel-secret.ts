import { hkdfSync } from 'node:crypto';
import { concat, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { type ConnectionId, connectionId } from '../wire/datagrams/header.js';
import type { DeviceAddress } from '../wire/directory.js';
import { foldName } from '../wire/names.js';
import { openAead, sealAead } from './aead.js';
import { hmac } from './kdf.js';
import type { SigningKey } from './keys.js';
import { pairSecret } from './lan-secret.js';

/**
 * Calls between two accounts, and the keys of the tunnel that comes of one. They come of the secret that the two identity keys
 * share, so the directory, which passes calls on, can neither read nor make any; who they really are is proved by TLS in the tunnel.
 */

/** One direction. */
export interface TunnelKey {
  readonly key: Uint8Array;
  readonly id: ConnectionId;
}

export interface TunnelKeys {
  readonly toCaller: TunnelKey;
  readonly toCalled: TunnelKey;
}

export interface Direction {
  readonly from: DeviceAddress;
  readonly to: DeviceAddress;
}

/** @returns undefined where the other key stands for nobody */
export function callSecret(identity: SigningKey, other: Uint8Array, directoryId: string): Uint8Array | undefined {
  const secret = pairSecret(identity, other, directoryId);
  return secret && hmac(secret, utf8('call'));
}

const associated = ({ from, to }: Direction): Uint8Array =>
  utf8(['p2pchat/1 call', ...[from, to].flatMap(({ user, device }) => [foldName(user), device])].join('\0'));

export const sealCall = (secret: Uint8Array, call: Uint8Array, direction: Direction, random: Random): Uint8Array =>
  sealAead(secret, call, associated(direction), random);

export const openCall = (secret: Uint8Array, sealed: Uint8Array, direction: Direction): Uint8Array | undefined =>
  openAead(secret, sealed, associated(direction));

const KEY_BYTES = 32;
const ID_BYTES = 8;

/** Both sides add to them: what one of them, or the directory, says again makes other keys. */
export function tunnelKeys(
  secret: Uint8Array,
  { id, caller, called }: { readonly id: Uint8Array; readonly caller: Uint8Array; readonly called: Uint8Array },
): TunnelKeys {
  const length = 2 * (KEY_BYTES + ID_BYTES);
  const bytes = new Uint8Array(hkdfSync('sha256', secret, concat(id, caller, called), 'p2pchat/1 tunnel', length));
  const keyAt = (at: number): TunnelKey => ({
    key: bytes.slice(at, at + KEY_BYTES),
    id: connectionId(bytes.slice(at + KEY_BYTES, at + KEY_BYTES + ID_BYTES)),
  });
  return { toCalled: keyAt(0), toCaller: keyAt(KEY_BYTES + ID_BYTES) };
}
