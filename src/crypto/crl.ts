import { hex, sameBytes } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { CLOCK_SKEW_MS, CRL_BYTES, CRL_MAX_AGE_MS } from '../wire/limits.js';
import {
  bitContent,
  content,
  type Der,
  DerError,
  decodeDer,
  encodeDer,
  integer,
  item,
  items,
  oid,
  sequence,
  tagged,
  time,
  timeContent,
} from './der.js';
import { verifySignature } from './keys.js';
import { authorityKeyExtension, commonName, ED25519, extension, ISSUER_NAME, keyIdOf, signed } from './profile.js';
import type { Trust } from './trust.js';

/**
 * Revocation lists (RFC 5280 §5): complete, signed by the CA, numbered upwards. A list opens new sessions for
 * CRL_MAX_AGE_MS; whoever has none, or an older one, lets nobody in.
 */

const VERSION_2 = integer(Uint8Array.of(1));
const CRL_NUMBER = oid('2.5.29.20');

export interface Revocation {
  /** Hex, as in DeviceCertificate. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface CrlFields {
  /** Grows by one with every list. */
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revocations: readonly Revocation[];
}

/** The to-be-signed list. Times are whole seconds. */
export function crlTemplate(trust: Trust, fields: CrlFields): Der {
  const revoked = fields.revocations.map(({ serial, at }) => sequence(integer(Buffer.from(serial, 'hex')), time(at)));
  return sequence(
    VERSION_2,
    ED25519,
    commonName(ISSUER_NAME),
    time(fields.thisUpdate),
    time(fields.nextUpdate),
    ...(revoked.length > 0 ? [sequence(...revoked)] : []),
    tagged(
      0,
      sequence(
        authorityKeyExtension(keyIdOf(trust.publicKey)),
        extension(CRL_NUMBER, false, integer(numberBytes(fields.number))),
      ),
    ),
  );
}

/** A list that was verified. */
export class RevocationList {
  readonly number: number;
  /** Milliseconds since 1970: when the directory made it. */
  readonly thisUpdate: number;
  readonly der: Uint8Array;
  readonly revocations: readonly Revocation[];
  readonly #staleFrom: number;
  readonly #revoked: ReadonlyMap<string, number>;

  constructor(der: Uint8Array, fields: CrlFields) {
    this.der = der;
    this.number = fields.number;
    this.thisUpdate = fields.thisUpdate;
    this.revocations = fields.revocations;
    this.#staleFrom = Math.min(fields.nextUpdate, fields.thisUpdate + CRL_MAX_AGE_MS) + CLOCK_SKEW_MS;
    this.#revoked = new Map(fields.revocations.map(({ serial, at }) => [serial, at]));
  }

  get size(): number {
    return this.#revoked.size;
  }

  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** When each was revoked, by serial. */
  get revoked(): ReadonlyMap<string, number> {
    return this.#revoked;
  }

  /** @throws Failure trust `crl-stale` */
  assertFresh(now: number): void {
    if (now > this.#staleFrom) throw stale();
  }
}

/**
 * Verifies a list of whatever age: one that was kept, at start. `accept` is for those that arrive.
 * @throws Failure trust `crl-malformed`, `crl-untrusted`
 */
export function readCrl(der: Uint8Array, trust: Trust): RevocationList {
  const { fields, signature } = parse(der);
  const template = crlTemplate(trust, fields);
  if (!sameBytes(signed(template, signature), der)) throw malformed();
  if (!verifySignature(trust.publicKey, encodeDer(template), signature)) {
    throw new Failure('crl-untrusted');
  }
  return new RevocationList(der, fields);
}

/**
 * A list that arrives, in place of the one we have.
 * @returns the newer of the two: `previous` itself where the same list came again
 * @throws Failure trust `crl-malformed`, `crl-untrusted`, `crl-rolled-back`, `crl-stale`, `crl-not-yet-valid`
 */
export function acceptCrl(
  previous: RevocationList | undefined,
  der: Uint8Array,
  { trust, now }: { readonly trust: Trust; readonly now: number },
): RevocationList {
  if (previous !== undefined && sameBytes(previous.der, der)) return previous;
  const next = readCrl(der, trust);
  if (previous !== undefined && (next.number <= previous.number || next.thisUpdate < previous.thisUpdate)) {
    throw new Failure('crl-rolled-back', 'an older revocation list was given in place of a newer one', {
      details: { number: next.number, known: previous.number },
    });
  }
  if (next.thisUpdate - CLOCK_SKEW_MS > now) {
    throw new Failure('crl-not-yet-valid');
  }
  next.assertFresh(now);
  return next;
}

function parse(der: Uint8Array): { fields: CrlFields; signature: Uint8Array } {
  try {
    const [tbs, , signature] = items(decodeDer(der, CRL_BYTES), 3);
    const members = items(tbs!, 6);
    const revoked = members.length === 7 ? items(members[5]!) : [];
    const extensions = item(members.at(-1)!, 0);
    const number = item(extensions, 1);
    const fields = {
      number: numberOf(content(decodeDer(content(item(number, 1)), 16))),
      thisUpdate: timeContent(members[3]!),
      nextUpdate: timeContent(members[4]!),
      revocations: revoked.map((entry) => ({ serial: hex(content(item(entry, 0))), at: timeContent(item(entry, 1)) })),
    };
    return { fields, signature: bitContent(signature!) };
  } catch (error) {
    if (error instanceof DerError) throw malformed(error);
    throw error;
  }
}

/** Big-endian, minimal, positive: at most 53 bits. */
function numberBytes(number: number): Uint8Array {
  const digits = number.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return bytes[0]! < 0x80 ? bytes : Buffer.concat([Uint8Array.of(0), bytes]);
}

/** Negative ones come out as others, which the template then shows. */
function numberOf(bytes: Uint8Array): number {
  const number = Number(`0x${hex(bytes)}`);
  if (!Number.isSafeInteger(number)) throw new DerError('a list number beyond all bounds');
  return number;
}

const malformed = (cause?: unknown): Failure =>
  new Failure('crl-malformed', 'the revocation list is not of the form this protocol issues', { cause });

const stale = (): Failure => new Failure('crl-stale');
