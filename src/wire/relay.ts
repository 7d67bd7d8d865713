import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import { Failure } from '../base/errors.js';
import { NAME_CHARS, RELAY_TOKEN_BYTES, RELAYS, RELAYS_PER_PAIR } from './limits.js';
import { hostAndPort } from './link.js';
import { method } from './rpc.js';
import { bytes, codec, count, exactly, list, text, time } from './schema.js';

/**
 * Relays, as a directory names them, and the tokens with which two of its devices may use one. A token says nothing of what
 * passes: datagrams of transfers and streams of messages take the same.
 */

const HOST_CHARS = 253;
const address = v.object({ user: text(NAME_CHARS), device: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)) });

const port = v.pipe(
  count(65_535),
  v.check((value) => value > 0, '1 to 65535'),
);

/** `key` is the relay's Ed25519 key, by which it is known; without a `host` it is where the directory is. */
const relay = { key: exactly(32), host: v.optional(text(HOST_CHARS)), port };
export const relaySchema = v.object(relay);
export type RelayName = v.InferOutput<typeof relaySchema>;
/** One that is not where the directory is. */
export type RelayPlace = RelayName & { readonly host: string };

const tokenSchema = v.object({
  /** The key of the directory's CA, whose hash is the directory's id. */
  directory: exactly(32),
  /** The only relay it is for. */
  relay: exactly(32),
  /** Whose it is, and the key by which he proves it: made for this, the device's own stays where it is. */
  holder: address,
  key: exactly(32),
  other: address,
  expires: time(),
  /** Bytes a day which the two may send by this relay, both ways together. */
  bytes: count(),
});
export type RelayToken = v.InferOutput<typeof tokenSchema>;
export const relayTokenCodec = codec(tokenSchema, RELAY_TOKEN_BYTES);
/** Stands before what is signed: no DER begins so. */
export const RELAY_TOKEN_CONTEXT = 'p2pchat/1 relay token\0';
export const RELAY_BIND_CONTEXT = 'p2pchat/1 relay bind\0';
export const RELAY_BOUND_CONTEXT = 'p2pchat/1 relay bound\0';

const grant = v.object({ ...relay, token: bytes(RELAY_TOKEN_BYTES, 1), signature: exactly(64) });
export type RelayGrant = v.InferOutput<typeof grant>;

export const relaysNamed = list(relaySchema, RELAYS);

export const relayMethods = {
  /** Tokens for the caller's device and that one; both sides get the same relays, in the same order. */
  'relay.token': method(
    v.object({ ...address.entries, key: exactly(32) }),
    v.object({ relays: list(grant, RELAYS_PER_PAIR) }),
  ),
};

// --- As text, for operators ---

const LINE = /^p2pchat-relay:\/\/(\[[0-9a-f:.]+\]|[^\s[\]:/?#@\\%]+):(\d{1,5})#([\w-]{43})$/i;

/** What a relay prints when it starts, and its directory's operator gives to the directory. */
export const formatRelay = (place: RelayPlace): string =>
  `p2pchat-relay://${hostAndPort(place)}#${Buffer.from(place.key).toString('base64url')}`;

/** @throws Failure usage 'relay-invalid' */
export function parseRelay(line: string): RelayPlace {
  const [, host = '', digits = '', key = ''] = LINE.exec(line.trim()) ?? [];
  const named = {
    key: Uint8Array.from(Buffer.from(key, 'base64url')),
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(digits),
  };
  if (!v.is(relaySchema, named)) throw new Failure('relay-invalid');
  return named;
}
