import { Authority } from '../../src/crypto/ca.js';
import { acceptCrl, type RevocationList } from '../../src/crypto/crl.js';
import { createCsr, readCsr } from '../../src/crypto/csr.js';
import { signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import type { TlsIdentity } from '../../src/crypto/tls.js';
import { foldName } from '../../src/wire/names.js';
import { seededRandom } from './random.js';

export const NOW = Date.UTC(2026, 0, 1, 12);

/** A directory's authority and what tests ask of it, from a seed. */
export function testAuthority(seed: string | number = 'authority', now = NOW) {
  const random = seededRandom(seed);
  const authority = Authority.create(SigningKey.generate(random), { now, random });
  const { trust } = authority;
  const crl = (number = 1, revoked: readonly string[] = [], at = now): RevocationList => {
    const revocations = revoked.map((serial) => ({ serial, at }));
    return acceptCrl(undefined, authority.issueCrl({ number, now: at, revocations }), { trust, now: at });
  };
  return { authority, trust, random, crl };
}

export interface TestDevice {
  readonly user: string;
  readonly identity: SigningKey;
  readonly key: SigningKey;
  readonly certificate: Uint8Array;
  readonly serial: string;
  readonly deviceId: string;
  readonly tls: TlsIdentity;
}

/** A device with its certificate; give `identity` for a second device of an account. */
export function testDevice(
  directory: ReturnType<typeof testAuthority>,
  user: string,
  init: { identity?: SigningKey; now?: number; lifetime?: number } = {},
): TestDevice {
  const { authority, random, trust } = directory;
  const { identity = SigningKey.generate(random), now = NOW, lifetime } = init;
  const key = SigningKey.generate(random);
  const account = { directoryId: trust.directoryId, folded: foldName(user) };
  const statement = signDevice(identity, account, key.publicKey);
  const request = readCsr(createCsr(key, { user, identityKey: identity.publicKey, statement }));
  const draft = authority.draftDevice({
    request,
    user,
    identityKey: identity.publicKey,
    now,
    random,
    ...(lifetime !== undefined && { lifetime }),
  });
  const certificate = draft.sign();
  const { serial, deviceId } = draft;
  return { user, identity, key, certificate, serial, deviceId, tls: { key, chain: [certificate] } };
}
