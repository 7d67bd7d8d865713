import type { KeyObject } from 'node:crypto';
import * as clientState from 'ts-mls/clientState.js';
import type { Random } from '../../base/random.js';
import { CERTIFICATE_BYTES, MLS_FORWARD_GENERATIONS, MLS_PADDING_BYTES } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import { libraryCrypto } from './provider.js';
import type { MlsSuite } from './suite.js';
import { type CiphersuiteImpl, type ClientConfig, defaultKeyPackageEqualityConfig } from './ts-mls.js';

/** What the engine is given from outside. */
export interface MlsEngineInit {
  /**
   * Judges a member's certificate and that it certifies this key: the authority's signature, its profile, pins. Not
   * whether it has expired: leaves outlive certificates, and newcomers must get in. A throw refuses too.
   */
  verifyCredential(certificate: Uint8Array, signatureKey: Uint8Array): boolean | Promise<boolean>;
  readonly random: Random;
  /** Wall clock, milliseconds since 1970: key packages are judged by it when their owner is added. */
  now(): number;
}

export interface Library {
  readonly init: MlsEngineInit;
  readonly config: ClientConfig;
  crypto(suite: MlsSuite, signer?: KeyObject): Promise<CiphersuiteImpl>;
}

/** Set by patches/ts-mls+1.6.4.patch; counts what the patch corrects. */
const PATCH_LEVEL = 4;

/** @throws Failure 'mls-unpatched' */
export function assertPatched(library: object = clientState): void {
  if (Reflect.get(library, 'p2pchatPatchLevel') === PATCH_LEVEL) return;
  throw mlsFailure('mls-unpatched', 'the installed ts-mls lacks the corrections that p2pchat needs');
}

assertPatched();

export function openLibrary(init: MlsEngineInit): Library {
  return {
    init,
    crypto: (suite, signer) => libraryCrypto(suite, init.random, signer),
    config: {
      // The library's history and its application ratchets are not used: see state.ts and ratchet.ts.
      keyRetentionConfig: {
        retainKeysForGenerations: 1,
        retainKeysForEpochs: 0,
        maximumForwardRatchetSteps: MLS_FORWARD_GENERATIONS,
      },
      lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
      keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
      paddingConfig: { kind: 'padUntilLength', padUntilLength: MLS_PADDING_BYTES },
      authService: {
        async validateCredential(credential, signatureKey) {
          if (credential.credentialType !== 'x509' || credential.certificates.length !== 1) return false;
          const certificate = credential.certificates[0]!;
          if (certificate.length > CERTIFICATE_BYTES) return false;
          if (await init.verifyCredential(certificate, signatureKey)) return true;
          throw mlsFailure('mls-refused', "a member's certificate is not accepted");
        },
      },
    },
  };
}
