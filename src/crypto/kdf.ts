import { createHmac, hkdfSync } from 'node:crypto';

/** HKDF-SHA-256 (RFC 5869) without salt: `info` names the one use of the derived key. */
export const derive = (secret: Uint8Array, info: string, length = 32): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, length));

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}
