import { asMlsFailure, guarded, mlsFailure } from './failures.js';
import { readHead } from './frame.js';
import {
  admitExternalCommit,
  admitMemberCommit,
  type CommitClaim,
  checkPlace,
  checkRemoved,
  checkTree,
  decodeWhole,
} from './gate.js';
import { checkLifetime, readKeyPackage } from './key-package.js';
import type { Library } from './library.js';
import { openSenderData } from './message.js';
import { changed, currentEpoch, enterEpoch, forLibrary, type MlsMember, type MlsState, type State } from './state.js';
import {
  type ClientState,
  createCommit,
  emptyPskIndex,
  encodeMlsMessage,
  type Proposal,
  processPrivateMessage,
  processPublicMessage,
  unprotectPrivateMessage,
} from './ts-mls.js';

/** Commits (RFC 9420 §12.4): making them, and applying those of others. */

export interface MlsCommitInit {
  /** Key packages of those who are to join. */
  readonly add?: readonly Uint8Array[];
  /** Leaf indices of those who are to go; not one's own. */
  readonly remove?: readonly number[];
  /** A renewed certificate for one's own leaf, for the same key. Not together with `add` alone. */
  readonly certificate?: Uint8Array;
  /** Authenticated, and readable by the directory. */
  readonly aad?: Uint8Array;
}

export interface MlsCommitMade {
  /** The epoch which the commit ends: the directory takes one commit for each. */
  readonly epoch: number;
  readonly commit: Uint8Array;
  /** For those who were added; one for all. */
  readonly welcome?: Uint8Array;
  /** To be kept before the commit is sent: still the old epoch, and good for applying whichever commit wins. */
  readonly waiting: MlsState;
  /**
   * To be adopted when the directory has taken the commit, and not before. Keep it beside `waiting`: a device that
   * stops in between can't apply its own commit, and without `next` would have to join again.
   */
  readonly next: MlsState;
}

/** What a commit does: everything in it has been verified, whether it is allowed has not. */
export interface MlsChange {
  /** The epoch it ends. */
  readonly epoch: number;
  /** With the certificate it has from now on. */
  readonly committer: MlsMember;
  /** The committer was no member and joins by this commit; his own former leaf may be among `removed`. */
  readonly external: boolean;
  readonly added: readonly MlsMember[];
  readonly removed: readonly MlsMember[];
  readonly aad: Uint8Array;
}

export interface MlsCommitApplied extends MlsChange {
  readonly next: MlsState;
  /** This device is no member any more: `next` opens late messages, and that is all. */
  readonly selfRemoved: boolean;
}

export type Authorize = (change: MlsChange) => boolean | Promise<boolean>;

export function mayCommit(state: State): void {
  if (!state.active) throw mlsFailure('mls-removed', 'this device is not in the conversation any more');
}

export async function makeCommit(library: Library, state: State, init: MlsCommitInit): Promise<MlsCommitMade> {
  mayCommit(state);
  const proposals = await proposalsOf(library, state, init);
  const withoutPath = proposals.length > 0 && proposals.every(({ proposalType }) => proposalType === 'add');
  if (init.certificate !== undefined && withoutPath) {
    throw mlsFailure('mls-unusable', 'a certificate is renewed by a commit of its own');
  }
  const cipherSuite = await library.crypto(state.suite, state.signatureKey);
  const before = renewed(forLibrary(state, library.config), init.certificate);
  const made = await guarded('mls-invalid', 'the commit cannot be made', () =>
    createCommit(
      { state: before, cipherSuite, pskIndex: emptyPskIndex },
      {
        ratchetTreeExtension: true,
        extraProposals: proposals,
        ...(init.aad && { authenticatedData: init.aad }),
      },
    ),
  );
  checkTree(made.newState.ratchetTree, state.suite);
  return {
    epoch: state.epoch,
    commit: encodeMlsMessage(made.commit),
    ...(made.welcome && {
      welcome: encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome }),
    }),
    waiting: changed(state, { ownHandshake: state.ownHandshake + 1 }),
    next: enterEpoch(made.newState, state.signatureKey, state),
  };
}

async function proposalsOf(library: Library, state: State, { add = [], remove = [] }: MlsCommitInit) {
  const proposals: Proposal[] = [];
  for (const leafIndex of new Set(remove)) {
    checkRemoved(state, leafIndex);
    if (leafIndex === state.ownLeaf) throw mlsFailure('mls-unusable', 'nobody commits his own removal');
    proposals.push({ proposalType: 'remove', remove: { removed: leafIndex } });
  }
  for (const encoded of add) {
    const { decoded, facts } = await readKeyPackage(library, encoded);
    if (facts.suite !== state.suite) throw mlsFailure('mls-invalid', 'a key package of another suite');
    checkLifetime(facts.lifetime, library.init.now());
    proposals.push({ proposalType: 'add', add: { keyPackage: decoded } });
  }
  return proposals;
}

/** The library takes the credential of the new leaf from the old one. */
function renewed(state: ClientState, certificate: Uint8Array | undefined): ClientState {
  if (certificate === undefined) return state;
  const ratchetTree = state.ratchetTree.slice();
  const at = state.privatePath.leafIndex * 2;
  const node = ratchetTree[at];
  if (node?.nodeType !== 'leaf') throw mlsFailure('mls-unusable', 'no leaf to renew');
  ratchetTree[at] = {
    nodeType: 'leaf',
    leaf: { ...node.leaf, credential: { credentialType: 'x509', certificates: [certificate] } },
  };
  return { ...state, ratchetTree };
}

/** Applies another's commit; the old state stays good when it throws. */
export async function applyCommit(
  library: Library,
  state: State,
  bytes: Uint8Array,
  authorize: Authorize,
): Promise<MlsCommitApplied> {
  mayCommit(state);
  const { claim, run } = await admitted(library, state, bytes);
  const selfRemoved = claim.removed.includes(state.ownLeaf);
  const reached = await processed(run, selfRemoved);
  if (!selfRemoved) checkTree(reached!.ratchetTree, state.suite);
  const next = selfRemoved ? changed(state, { active: false }) : enterEpoch(reached!, state.signatureKey, state);
  const change = changeOf(state, next, claim);
  if (!(await authorize(change))) throw mlsFailure('mls-refused', 'the commit does what its author may not do');
  return { ...change, next, selfRemoved };
}

type Accept = () => 'accept';
type Run = (accept: Accept) => Promise<{ newState: ClientState }>;

async function admitted(library: Library, state: State, bytes: Uint8Array): Promise<{ claim: CommitClaim; run: Run }> {
  const crypto = await library.crypto(state.suite, state.signatureKey);
  const before = forLibrary(state, library.config);
  if (readHead(bytes).format === 'public') {
    const { publicMessage } = decodeWhole(bytes, 'mls_public_message');
    const claim = admitExternalCommit(state, publicMessage);
    return { claim, run: (accept) => processPublicMessage(before, publicMessage, emptyPskIndex, crypto, accept) };
  }
  const { privateMessage } = decodeWhole(bytes, 'mls_private_message');
  checkPlace(state, privateMessage);
  if (privateMessage.contentType !== 'commit') throw mlsFailure('mls-invalid', 'not a commit');
  const { leafIndex, generation } = openSenderData(state, currentEpoch(state), {
    ...privateMessage,
    epoch: state.epoch,
  });
  if (leafIndex === state.ownLeaf && generation < state.ownHandshake) {
    throw mlsFailure('mls-own-message', 'this device made the commit');
  }
  const { content } = await guarded('mls-unreadable', 'the commit does not decrypt', () =>
    unprotectPrivateMessage(
      before.keySchedule.senderDataSecret,
      privateMessage,
      before.secretTree,
      before.ratchetTree,
      before.groupContext,
      library.config.keyRetentionConfig,
      crypto,
    ),
  );
  const claim = admitMemberCommit(state, content.content);
  return { claim, run: (accept) => processPrivateMessage(before, privateMessage, emptyPskIndex, crypto, accept) };
}

/**
 * The library's state after the commit, or undefined for one whom it removes: he can't follow it, and whether the
 * library throws or returns then is of no account once it has found the proposals valid.
 */
async function processed(run: Run, selfRemoved: boolean): Promise<ClientState | undefined> {
  let valid = false;
  try {
    const { newState } = await run(() => {
      valid = true;
      return 'accept';
    });
    return selfRemoved ? undefined : newState;
  } catch (error) {
    if (selfRemoved && valid) return undefined;
    throw asMlsFailure(error, 'mls-invalid', 'the commit is not valid');
  }
}

function changeOf(state: State, next: State, claim: CommitClaim): MlsChange {
  const before = currentEpoch(state).members;
  const after = [...currentEpoch(next).members.values()];
  const added = claim.added.flatMap(({ signatureKey }) =>
    after.filter((member) => Buffer.compare(member.signatureKey, signatureKey) === 0),
  );
  const committer = claim.committer === undefined ? (added[0] ?? claim.added[0]) : memberAt(next, claim.committer);
  return {
    epoch: state.epoch,
    committer: committer!,
    external: claim.committer === undefined,
    added,
    removed: claim.removed.map((leafIndex) => before.get(leafIndex)!),
    aad: claim.aad,
  };
}

const memberAt = (state: State, leafIndex: number): MlsMember | undefined => currentEpoch(state).members.get(leafIndex);
