import { sameBytes } from '../../base/bytes.js';
import { CERTIFICATE_BYTES, MLS_LEAVES } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import { ownCopy, readHead } from './frame.js';
import { checkGroup, currentEpoch, type MlsMember, memberOf, type State, wrongEpoch } from './state.js';
import { type MlsSuite, suiteName } from './suite.js';
import {
  type AuthenticatedContent,
  decodeMlsMessage,
  encodeMlsMessage,
  type GroupInfo,
  type KeyPackage,
  type MLSMessage,
  type Proposal,
  type PublicMessage,
} from './ts-mls.js';

/**
 * What may reach the library. It loops for ever on some numbers, passes over trailing bytes, and accepts kinds of
 * messages that have no place here; so everything is decoded and judged first, and only what is listed goes on.
 */

type Format = MLSMessage['wireformat'];
type Of<F extends Format> = Extract<MLSMessage, { wireformat: F }>;

/** @throws Failure 'mls-malformed' unless it is that kind of message, whole, and in its only valid encoding */
export function decodeWhole<F extends Format>(bytes: Uint8Array, wanted: F): Of<F> {
  readHead(bytes);
  const own = ownCopy(bytes);
  const [message, used] = decoded(own);
  if (used !== own.length) throw mlsFailure('mls-malformed', 'bytes follow the end of the MLS message');
  if (message.wireformat !== wanted) throw mlsFailure('mls-invalid', `a ${message.wireformat} where ${wanted} belongs`);
  if (!sameBytes(encodeMlsMessage(message), own)) throw mlsFailure('mls-malformed', 'not the only valid encoding');
  return message as Of<F>;
}

function decoded(bytes: Uint8Array): [MLSMessage, number] {
  try {
    const result = decodeMlsMessage(bytes, 0);
    if (result !== undefined) return result;
  } catch (cause) {
    throw mlsFailure('mls-malformed', 'not an MLS message', { cause });
  }
  throw mlsFailure('mls-malformed', 'not an MLS message');
}

// --- Leaves ---

type Leaf = KeyPackage['leafNode'] | NonNullable<Extract<GroupTree[number], { nodeType: 'leaf' }>>['leaf'];
type GroupTree = readonly import('ts-mls').RatchetTree[number][];

/** A leaf as this engine makes it; another one would lock newcomers or members out. */
export function checkLeaf(leaf: Leaf, suite: MlsSuite): MlsMember {
  const member = memberOf(-1, leaf);
  const { versions, ciphersuites, credentials } = leaf.capabilities;
  if (!versions.includes('mls10') || !ciphersuites.includes(suiteName(suite)) || !credentials.includes('x509')) {
    throw mlsFailure('mls-invalid', 'a leaf that does not support its own group');
  }
  if (leaf.extensions.length > 0) throw mlsFailure('mls-invalid', 'a leaf with extensions');
  if (member.certificate.length > CERTIFICATE_BYTES) throw mlsFailure('mls-invalid', 'a certificate too large');
  return member;
}

export function checkKeyPackage(keyPackage: KeyPackage, suite: MlsSuite): MlsMember {
  if (keyPackage.cipherSuite !== suiteName(suite)) throw mlsFailure('mls-invalid', 'a key package of another suite');
  if (keyPackage.extensions.length > 0) throw mlsFailure('mls-invalid', 'a key package with extensions');
  return checkLeaf(keyPackage.leafNode, suite);
}

/** Of a tree: size, leaves, and that no key stands in it twice (RFC 9420 §7.3). */
export function checkTree(tree: GroupTree, suite: MlsSuite): void {
  if (tree.length > 2 * MLS_LEAVES) throw mlsFailure('mls-invalid', `more than ${MLS_LEAVES} leaves`);
  const seen = new Set<string>();
  for (const [index, node] of tree.entries()) {
    if (node === undefined) continue;
    if ((node.nodeType === 'leaf') !== (index % 2 === 0)) throw mlsFailure('mls-invalid', 'a node in the wrong place');
    if (node.nodeType === 'parent') {
      unique(seen, 'encryption', node.parent.hpkePublicKey);
      if (node.parent.unmergedLeaves.some((leaf) => tree[leaf * 2] === undefined)) {
        throw mlsFailure('mls-invalid', 'an unmerged leaf that is not there');
      }
    } else {
      unique(seen, 'encryption', node.leaf.hpkePublicKey);
      unique(seen, 'signature', checkLeaf(node.leaf, suite).signatureKey);
    }
  }
}

function unique(seen: Set<string>, kind: string, key: Uint8Array): void {
  const name = kind + Buffer.from(key).toString('latin1');
  if (seen.has(name)) throw mlsFailure('mls-invalid', `the same ${kind} key twice in one group`);
  seen.add(name);
}

// --- Commits ---

/** What a commit says it does, before the library has applied it. */
export interface CommitClaim {
  /** The committer's leaf; undefined for one who joins by this commit. */
  readonly committer: number | undefined;
  readonly added: readonly MlsMember[];
  /** Leaves. */
  readonly removed: readonly number[];
  readonly aad: Uint8Array;
}

type Content = AuthenticatedContent['content'];

/** A member's commit: additions and removals, by value, and nothing else. */
export function admitMemberCommit(state: State, content: Content): CommitClaim {
  if (content.contentType !== 'commit' || content.sender.senderType !== 'member') {
    throw mlsFailure('mls-invalid', 'not the commit of a member');
  }
  const committer = content.sender.leafIndex;
  const member = currentEpoch(state).members.get(committer);
  if (member === undefined) throw mlsFailure('mls-invalid', 'the committer is not a member');
  if (committer === state.ownLeaf) {
    throw mlsFailure('mls-rolled-back', 'this device has made a commit that it does not know of');
  }
  const { path, proposals } = content.commit;
  if (path !== undefined && !sameBytes(checkLeaf(path.leafNode, state.suite).signatureKey, member.signatureKey)) {
    throw mlsFailure('mls-invalid', 'a leaf keeps its signature key');
  }
  const added: MlsMember[] = [];
  const removed: number[] = [];
  for (const proposal of proposals) {
    if (proposal.proposalOrRefType === 'reference') {
      throw mlsFailure('mls-proposal-missing', 'the commit refers to an unknown proposal');
    }
    if (proposal.proposal.proposalType === 'add') {
      added.push(checkKeyPackage(proposal.proposal.add.keyPackage, state.suite));
    } else {
      removed.push(checkRemoved(state, removedBy(proposal.proposal)));
    }
  }
  if (new Set(removed).size !== removed.length) throw mlsFailure('mls-invalid', 'one leaf is removed twice');
  if (removed.includes(committer)) throw mlsFailure('mls-invalid', 'nobody commits his own removal');
  return { committer, added, removed, aad: content.authenticatedData };
}

function removedBy(proposal: Proposal): number {
  if (proposal.proposalType === 'remove') return proposal.remove.removed;
  throw mlsFailure('mls-invalid', `a proposal '${String(proposal.proposalType)}' has no place here`);
}

/** The library walks up the tree from this leaf, for ever where there is none. */
export function checkRemoved(state: State, leafIndex: number): number {
  if (currentEpoch(state).members.has(leafIndex)) return leafIndex;
  throw mlsFailure('mls-invalid', 'a removal of nobody');
}

/** Of public messages one kind is let through: the commit of one who joins (RFC 9420 §12.4.3.2). */
export function admitExternalCommit(state: State, { content }: PublicMessage): CommitClaim {
  if (content.sender.senderType !== 'new_member_commit' || content.contentType !== 'commit') {
    throw mlsFailure('mls-invalid', 'a public message of this kind has no place here');
  }
  checkPlace(state, content);
  const { path, proposals } = content.commit;
  if (path === undefined) throw mlsFailure('mls-invalid', 'a join without an update path');
  const joiner = checkLeaf(path.leafNode, state.suite);
  const removed: number[] = [];
  let inits = 0;
  for (const proposal of proposals) {
    if (proposal.proposalOrRefType === 'reference') throw mlsFailure('mls-invalid', 'a join by reference');
    if (proposal.proposal.proposalType === 'external_init') inits++;
    else removed.push(checkRemoved(state, removedBy(proposal.proposal)));
  }
  if (inits !== 1) throw mlsFailure('mls-invalid', 'a join has one external init');
  const former = [...currentEpoch(state).members.values()].filter(({ signatureKey }) =>
    sameBytes(signatureKey, joiner.signatureKey),
  );
  if (removed.length !== former.length || removed[0] !== former[0]?.leafIndex) {
    throw mlsFailure('mls-invalid', 'one who joins removes his own former leaf, and nobody else');
  }
  return {
    committer: undefined,
    added: [joiner],
    removed,
    aad: content.authenticatedData,
  };
}

/** The library compares neither the group nor, for proposals, the epoch. */
export function checkPlace(state: State, { groupId, epoch }: { groupId: Uint8Array; epoch: bigint }): void {
  checkGroup(state, groupId);
  if (epoch !== BigInt(state.epoch)) throw wrongEpoch(state, Number(epoch));
}

// --- Joining ---

/** What a Welcome or an open group shows before anything of it is used. */
export function checkGroupInfo(info: GroupInfo, suite: MlsSuite, allowed: readonly string[]): void {
  if (info.groupContext.cipherSuite !== suiteName(suite)) throw mlsFailure('mls-invalid', 'a group of another suite');
  if (info.groupContext.epoch > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw mlsFailure('mls-invalid', 'no group lives that long');
  }
  for (const { extensionType } of info.extensions) {
    if (!allowed.includes(String(extensionType))) throw mlsFailure('mls-invalid', 'an unknown group info extension');
  }
  if (info.groupContext.extensions.length > 0) throw mlsFailure('mls-invalid', 'an unknown group extension');
}
