import { guarded } from './failures.js';
import { generateKeyPackage, type MlsKeyPackageInit } from './key-package.js';
import type { Library } from './library.js';
import { checkSenders, type MlsExternalSender, senderExtension } from './proposal.js';
import { enterEpoch, type State } from './state.js';
import { createGroup } from './ts-mls.js';

export interface MlsCreateInit extends MlsKeyPackageInit {
  readonly groupId: Uint8Array;
  /** Of the first epoch; 0 by default. A group that takes the place of another goes on counting. */
  readonly epoch?: number;
  /** Who may propose removals from outside; fixed for the life of the group. */
  readonly externalSender?: MlsExternalSender;
}

/** A group of one. */
export async function newGroup(library: Library, init: MlsCreateInit): Promise<State> {
  const { suite, signatureKey, externalSender } = init;
  const made = await generateKeyPackage(library, init);
  const extensions = externalSender === undefined ? [] : [senderExtension(externalSender)];
  await checkSenders(library, extensions);
  const crypto = await library.crypto(suite, signatureKey);
  // The library would judge the external sender as if it were a member.
  const config = { ...library.config, authService: { validateCredential: async () => true } };
  const state = await guarded('mls-unusable', 'the group cannot be made', () =>
    createGroup(init.groupId, made.publicPackage, made.privatePackage, extensions, crypto, config),
  );
  // The first epoch's secret is random and knows nothing of its number (RFC 9420 §11).
  const groupContext = { ...state.groupContext, epoch: BigInt(init.epoch ?? 0) };
  return enterEpoch({ ...state, groupContext }, signatureKey);
}
