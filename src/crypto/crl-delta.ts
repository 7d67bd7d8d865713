import type { CrlDelta } from '../wire/directory.js';
import { crlTemplate, type Revocation, type RevocationList } from './crl.js';
import { signed } from './profile.js';
import type { Trust } from './trust.js';

/** The order in which lists are made: the same entries give the same bytes. */
export const inOrder = (revocations: Iterable<Revocation>): Revocation[] =>
  [...revocations].sort((a, b) => (a.serial < b.serial ? -1 : 1));

/**
 * The list that `delta` leads to from ours, unverified: `acceptCrl` judges it as any other.
 * @returns undefined where ours is too old for it, and the whole list is needed
 */
export function patchedCrl(ours: RevocationList, delta: CrlDelta, trust: Trust): Uint8Array | undefined {
  const { base, number, thisUpdate, nextUpdate, added, removed, signature } = delta;
  if (base > ours.number) return undefined;
  const revoked = new Map(ours.revoked);
  for (const serial of removed) revoked.delete(serial);
  for (const { serial, at } of added) revoked.set(serial, at);
  const revocations = inOrder([...revoked].map(([serial, at]) => ({ serial, at })));
  return signed(crlTemplate(trust, { number, thisUpdate, nextUpdate, revocations }), signature);
}
