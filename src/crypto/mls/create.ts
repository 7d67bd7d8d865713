import { guarded } from './failures.js';
import { generateKeyPackage, type MlsKeyPackageInit } from './key-package.js';
import type { Library } from './library.js';
import { enterEpoch, type State } from './state.js';
import { createGroup } from './ts-mls.js';

export interface MlsCreateInit extends MlsKeyPackageInit {
  readonly groupId: Uint8Array;
  /** Of the first epoch; 0 by default. A group that takes the place of another goes on counting. */
  readonly epoch?: number;
}

/** A group of one. */
export async function newGroup(library: Library, init: MlsCreateInit): Promise<State> {
  const { suite, signatureKey } = init;
  const made = await generateKeyPackage(library, init);
  const crypto = await library.crypto(suite, signatureKey);
  const state = await guarded('mls-unusable', 'the group cannot be made', () =>
    createGroup(init.groupId, made.publicPackage, made.privatePackage, [], crypto, library.config),
  );
  // The first epoch's secret is random and knows nothing of its number (RFC 9420 §11).
  const groupContext = { ...state.groupContext, epoch: BigInt(init.epoch ?? 0) };
  return enterEpoch({ ...state, groupContext }, signatureKey);
}
