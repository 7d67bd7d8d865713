import { fromUtf8, sameBytes } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { CSR_BYTES } from '../wire/limits.js';
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
  set,
  tagged,
} from './der.js';
import { isSoundKey, KEY_BYTES, SIGNATURE_BYTES, type SigningKey, verifySignature } from './keys.js';
import { commonName, identityExtension, publicKeyInfo, signed } from './profile.js';

/**
 * Certificate requests (PKCS#10, RFC 2986), Ed25519 only. The issuer takes two things out of one: the device's key, with
 * proof that the requester holds it, and the identity's consent. What else a request might ask for is refused.
 */

export interface CertificateRequest {
  /** What the requester calls itself; the issuer knows better. */
  readonly user: string;
  /** The device's key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly statement: Uint8Array;
}

const VERSION_1 = integer(Uint8Array.of(0));
const EXTENSION_REQUEST = oid('1.2.840.113549.1.9.14');

const template = (request: CertificateRequest): Der =>
  sequence(
    VERSION_1,
    commonName(request.user),
    publicKeyInfo(request.publicKey),
    tagged(0, sequence(EXTENSION_REQUEST, set(sequence(identityExtension(request.identityKey, request.statement))))),
  );

/** A request for `device`'s key, DER. `statement` is identity.ts' signDevice for that key. */
export function createCsr(
  device: SigningKey,
  { user, identityKey, statement }: Omit<CertificateRequest, 'publicKey'>,
): Uint8Array {
  const tbs = template({ user, publicKey: device.publicKey, identityKey, statement });
  return signed(tbs, device.sign(encodeDer(tbs)));
}

/**
 * Judges form, key and proof of possession. Whose the key may be is the issuer's to judge.
 * @throws Failure protocol `csr-malformed`, `csr-key`, `csr-signature`
 */
export function readCsr(der: Uint8Array): CertificateRequest {
  const { request, signature } = parse(der);
  const tbs = template(request);
  if (!sameBytes(signed(tbs, signature), der))
    throw new Failure('csr-malformed', 'the certificate request asks for what is not asked for here');
  if (!isSoundKey(request.publicKey)) throw new Failure('csr-key');
  if (!verifySignature(request.publicKey, encodeDer(tbs), signature)) {
    throw new Failure('csr-signature');
  }
  return request;
}

function parse(der: Uint8Array): { request: CertificateRequest; signature: Uint8Array } {
  try {
    const [info, , signature] = items(decodeDer(der, CSR_BYTES), 3);
    const [, subject, keyInfo, attributes] = items(info!, 4);
    const requested = item(item(item(attributes!, 0), 1), 0);
    const consent = content(decodeDer(content(item(item(requested, 0), 1)), CSR_BYTES));
    if (consent.length !== KEY_BYTES + SIGNATURE_BYTES) throw new DerError('not an identity statement');
    const request = {
      user: fromUtf8(content(item(item(item(subject!, 0), 0), 1))),
      publicKey: bitContent(item(keyInfo!, 1)),
      identityKey: consent.slice(0, KEY_BYTES),
      statement: consent.slice(KEY_BYTES),
    };
    return { request, signature: bitContent(signature!) };
  } catch (error) {
    if (error instanceof DerError || error instanceof TypeError)
      throw new Failure('csr-malformed', undefined, { cause: error });
    throw error;
  }
}
