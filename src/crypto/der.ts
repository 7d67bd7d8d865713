import { Buffer } from 'node:buffer';
import asn1, { type Asn1 } from 'node-forge/lib/asn1.js';
import { asBuffer, sameBytes } from '../base/bytes.js';

/**
 * ASN.1 in DER (X.690): building blocks for what is issued, and a reader which takes only what an encoder would have
 * written. Nodes are immutable and may be shared.
 */

export type Der = Asn1;

/** Bytes that are not DER, or not of the form that was asked for. Never leaves this folder. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Deepest nesting of what we read: certificate, tbs, extensions, extension, value, and room to spare. */
const MAX_DEPTH = 12;

const { Class, Type } = asn1;
const binary = (bytes: Uint8Array): string => asBuffer(bytes).toString('latin1');
const primitive = (type: number, value: string): Der => asn1.create(Class.UNIVERSAL, type, false, value);

// --- Writing ---

export const sequence = (...items: Der[]): Der => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
export const set = (...items: Der[]): Der => asn1.create(Class.UNIVERSAL, Type.SET, true, items);
/** Big-endian two's complement, minimal. */
export const integer = (bytes: Uint8Array): Der => primitive(Type.INTEGER, binary(bytes));
export const octets = (bytes: Uint8Array): Der => primitive(Type.OCTETSTRING, binary(bytes));
/** `unused` counts the bits at the end which don't belong to the string. */
export const bits = (bytes: Uint8Array, unused = 0): Der =>
  primitive(Type.BITSTRING, String.fromCharCode(unused) + binary(bytes));
export const boolean = (value: boolean): Der => primitive(Type.BOOLEAN, value ? '\xff' : '\0');
export const text = (value: string): Der => primitive(Type.UTF8, binary(Buffer.from(value, 'utf8')));
export const oid = (dotted: string): Der => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
/** For arcs too large for a number: the content octets of X.690 §8.19. */
export const oidFromContent = (content: Uint8Array): Der => primitive(Type.OID, binary(content));
/** `[tag] EXPLICIT` or a constructed `[tag] IMPLICIT`. */
export const tagged = (tag: number, ...items: Der[]): Der => asn1.create(Class.CONTEXT_SPECIFIC, tag, true, items);
/** A primitive `[tag] IMPLICIT`. */
export const taggedBytes = (tag: number, bytes: Uint8Array): Der =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, binary(bytes));

/** Milliseconds since 1970, whole seconds; UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '');
  if (digits < '20500101') return primitive(Type.UTCTIME, `${digits.slice(2)}Z`);
  return primitive(Type.GENERALIZEDTIME, `${digits}Z`);
}

export const encodeDer = (node: Der): Uint8Array => new Uint8Array(Buffer.from(asn1.toDer(node).getBytes(), 'latin1'));

// --- Reading ---

/**
 * @param maxBytes judged before anything is parsed
 * @throws DerError where the bytes are not the one DER encoding of what they say
 */
export function decodeDer(der: Uint8Array, maxBytes: number): Der {
  if (der.length > maxBytes) throw new DerError(`${der.length} bytes where ${maxBytes} are allowed`);
  let node: Der;
  try {
    node = asn1.fromDer(binary(der), { strict: true, decodeBitStrings: false, maxDepth: MAX_DEPTH });
  } catch (error) {
    throw new DerError('not ASN.1', { cause: error });
  }
  // The parser takes BER too: indefinite lengths, lengths with leading zeros, long integers.
  if (!sameBytes(encodeDer(node), der)) throw new DerError('not DER');
  return node;
}

/** The members of a constructed node, `least` at least. */
export function items(node: Der, least = 0): readonly Der[] {
  if (!Array.isArray(node.value)) throw new DerError('a primitive where a structure belongs');
  if (node.value.length < least) throw new DerError('too few members');
  return node.value;
}

export function item(node: Der, index: number): Der {
  return items(node, index + 1)[index]!;
}

/** The content octets of a primitive node. */
export function content(node: Der): Uint8Array {
  if (typeof node.value !== 'string') throw new DerError('a structure where a primitive belongs');
  return new Uint8Array(Buffer.from(node.value, 'latin1'));
}

/** The octets of a BIT STRING of whole octets. */
export function bitContent(node: Der): Uint8Array {
  const [unused, ...rest] = content(node);
  if (unused !== 0) throw new DerError('a bit string of broken octets');
  return Uint8Array.from(rest);
}

/** Milliseconds since 1970. */
export function timeContent(node: Der): number {
  const digits = Buffer.from(content(node)).toString('latin1');
  const full = node.type === Type.UTCTIME ? `${Number(digits.slice(0, 2)) < 50 ? 20 : 19}${digits}` : digits;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
  if (match === null) throw new DerError('not a time');
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw new DerError('not a time');
  return ms;
}
