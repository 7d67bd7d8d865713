import { concat, sameBytes, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { CLOCK_SKEW_MS } from '../wire/limits.js';
import {
  RELAY_BIND_CONTEXT,
  RELAY_BOUND_CONTEXT,
  RELAY_TOKEN_CONTEXT,
  type RelayToken,
  relayTokenCodec,
} from '../wire/relay.js';
import type { Authority } from './ca.js';
import { sha256 } from './hash.js';
import { directoryIdOf, type SigningKey, verifySignature } from './keys.js';

/** Tokens for relays (wire/relay.ts) signed and judged, and what device and relay prove to each other by their keys. */

export interface SignedToken {
  readonly token: Uint8Array;
  readonly signature: Uint8Array;
}

export function issueRelayToken(authority: Authority, fields: Omit<RelayToken, 'directory'>): SignedToken {
  const token = relayTokenCodec.encode({ ...fields, directory: authority.trust.publicKey });
  return { token, signature: authority.signStatement(concat(utf8(RELAY_TOKEN_CONTEXT), token)) };
}

/**
 * A token that this directory signed for that relay, and that still holds. By the wall clock, with the skew of certificates.
 * @throws Failure trust 'relay-token-invalid', 'relay-token-expired'
 */
export function readRelayToken(
  { token, signature }: SignedToken,
  { directoryId, relay, now }: { readonly directoryId: string; readonly relay: Uint8Array; readonly now: number },
): RelayToken {
  const read = decoded(token);
  const valid =
    read !== undefined &&
    directoryIdOf(read.directory) === directoryId &&
    sameBytes(read.relay, relay) &&
    verifySignature(read.directory, concat(utf8(RELAY_TOKEN_CONTEXT), token), signature);
  if (!valid) throw new Failure('relay-token-invalid');
  if (now > read.expires + CLOCK_SKEW_MS) throw new Failure('relay-token-expired');
  return read;
}

function decoded(token: Uint8Array): RelayToken | undefined {
  try {
    return relayTokenCodec.decode(token);
  } catch {
    return undefined;
  }
}

/** The holder's word on a Bind: worth something with that cookie only, and so from that address only. */
export const proveBind = (key: SigningKey, statement: Uint8Array): Uint8Array =>
  key.sign(concat(utf8(RELAY_BIND_CONTEXT), statement));

export const isBindProof = (key: Uint8Array, statement: Uint8Array, proof: Uint8Array): boolean =>
  verifySignature(key, concat(utf8(RELAY_BIND_CONTEXT), statement), proof);

/** The relay's word that this is its answer to that Bind. */
export const signBound = (key: SigningKey, bind: Uint8Array, statement: Uint8Array): Uint8Array =>
  key.sign(concat(utf8(RELAY_BOUND_CONTEXT), sha256(bind), statement));

export const isBoundSignature = (
  relay: Uint8Array,
  bind: Uint8Array,
  statement: Uint8Array,
  signature: Uint8Array,
): boolean => verifySignature(relay, concat(utf8(RELAY_BOUND_CONTEXT), sha256(bind), statement), signature);
