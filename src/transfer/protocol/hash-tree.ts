import { createHash } from 'node:crypto';
import { sameBytes } from '../../base/bytes.js';

/**
 * A binary SHA-256 tree over the blocks of a transfer, as RFC 6962 §2.1 builds it: a leaf is H(0x00 ‖ block), a node
 * H(0x01 ‖ left ‖ right), and a tree of n leaves splits at the largest power of two below n. With the root and the path of
 * a block (§2.1.1) anybody can judge that block alone.
 */

export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (block: Uint8Array): Uint8Array => createHash('sha256').update(LEAF).update(block).digest();

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  createHash('sha256').update(NODE).update(left).update(right).digest();

export class HashTree {
  /** Leaves first; each level half as long, an unpaired last node carried up as it is. */
  readonly #levels: Uint8Array[][];

  constructor(leaves: readonly Uint8Array[]) {
    this.#levels = [[...leaves]];
    for (let level = this.#levels[0]!; level.length > 1; ) {
      const above: Uint8Array[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const right = level[i + 1];
        above.push(right === undefined ? level[i]! : nodeHash(level[i]!, right));
      }
      this.#levels.push(above);
      level = above;
    }
  }

  /** That of an empty tree is the hash of nothing. */
  get root(): Uint8Array {
    return this.#levels.at(-1)![0] ?? createHash('sha256').digest();
  }

  /** Hashes of the siblings from the leaf up, joined. */
  path(leaf: number): Uint8Array {
    const siblings: Uint8Array[] = [];
    for (let depth = 0, at = leaf; depth < this.#levels.length - 1; depth++, at >>= 1) {
      const sibling = this.#levels[depth]![at ^ 1];
      if (sibling !== undefined) siblings.push(sibling);
    }
    const path = new Uint8Array(siblings.length * HASH_BYTES);
    siblings.forEach((hash, i) => {
      path.set(hash, i * HASH_BYTES);
    });
    return path;
  }
}

/** Bytes of the path of `leaf` in a tree of `count` leaves. */
export function pathBytes(leaf: number, count: number): number {
  let siblings = 0;
  for (let at = leaf, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) < width) siblings++;
  }
  return siblings * HASH_BYTES;
}

/** Whether `hash` is leaf number `leaf` of the tree of `count` leaves with this root. */
export function pathHolds(root: Uint8Array, hash: Uint8Array, leaf: number, count: number, path: Uint8Array): boolean {
  if (leaf >= count || path.length !== pathBytes(leaf, count)) return false;
  let node = hash;
  let used = 0;
  for (let at = leaf, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue;
    const sibling = path.subarray(used, used + HASH_BYTES);
    node = at & 1 ? nodeHash(sibling, node) : nodeHash(node, sibling);
    used += HASH_BYTES;
  }
  return sameBytes(node, root);
}
