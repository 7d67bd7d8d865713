import { createHash } from 'node:crypto';

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => digest('sha256', parts);

export const sha512 = (...parts: readonly Uint8Array[]): Uint8Array => digest('sha512', parts);

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
