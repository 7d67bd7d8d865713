import { concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import {
  ACT_CONTEXT,
  type Act,
  actCodec,
  SEAL_CONTEXT,
  type SealedAct,
  type Statement,
  sealCodec,
  statementCodec,
} from '../wire/acts.js';
import type { Role } from '../wire/roles.js';
import type { Authority } from './ca.js';
import { checkDeviceCertificate } from './certificate.js';
import { sha256 } from './hash.js';
import { type SigningKey, verifySignature } from './keys.js';
import type { Trust } from './trust.js';

/** Acts (wire/acts.ts) signed, sealed, chained and verified. */

export interface SignedStatement {
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

/** Before the first act of a chain. */
export const NO_ACTS: Uint8Array = new Uint8Array(32);

export function signStatement(statement: Statement, key: SigningKey): SignedStatement {
  const encoded = statementCodec.encode(statement);
  return { statement: encoded, signature: key.sign(concat(utf8(ACT_CONTEXT), encoded)) };
}

export const chained = (head: Uint8Array, digest: Uint8Array): Uint8Array => sha256(concat(head, digest));

/** What stands for an act in its chain. */
export const digestOf = (act: Uint8Array): Uint8Array => sha256(act);

/** The directory's part: the roles as they are now. The signatures have been judged by `readAct` afterwards. */
export function sealAct(
  authority: Authority,
  signed: SignedStatement,
  { certificate, ...facts }: { certificate: Uint8Array; role: Role; targetRole?: Role; at: number },
): Uint8Array {
  const seal = sealCodec.encode({ digest: sha256(concat(signed.statement, signed.signature)), ...facts });
  const sealSignature = authority.signStatement(concat(utf8(SEAL_CONTEXT), seal));
  return actCodec.encode({ ...signed, certificate, seal, sealSignature });
}

/**
 * An act with every signature verified: the device's, the certificate's, the identity's consent, the directory's seal.
 * Whether it was allowed is not judged.
 * @throws Failure trust 'act-forged', and as checkDeviceCertificate
 */
export function readAct(encoded: Uint8Array, trust: Trust): Act {
  const act = actCodec.decode(encoded);
  const certificate = checkDeviceCertificate(act.certificate, { trust, now: 0, crl: 'unchecked', expiry: 'ignore' });
  const statement = statementCodec.decode(act.statement);
  const seal = sealCodec.decode(act.seal);
  const valid =
    statement.directory === trust.directoryId &&
    verifySignature(certificate.publicKey, concat(utf8(ACT_CONTEXT), act.statement), act.signature) &&
    verifySignature(trust.publicKey, concat(utf8(SEAL_CONTEXT), act.seal), act.sealSignature) &&
    Buffer.compare(seal.digest, digestOfSigned(act)) === 0;
  if (!valid) throw forged();
  const { user, folded, deviceId: device, identityKey } = certificate;
  return { statement, seal, by: { user, folded, device, identityKey } };
}

const digestOfSigned = ({ statement, signature }: SealedAct): Uint8Array => sha256(concat(statement, signature));

const forged = (): Failure => new Failure('act-forged');
