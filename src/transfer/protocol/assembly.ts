import { TAG_BYTES } from '../../wire/datagrams/handshake.js';
import { blockLength, type Manifest } from '../../wire/transfer-manifest.js';
import { pathBytes } from './hash-tree.js';
import { RangeSet } from './range-set.js';

/** A block whose slices are arriving. */
export interface Assembly {
  readonly block: number;
  generation: number;
  readonly sealed: Uint8Array;
  readonly received: RangeSet;
}

/** Bytes of a block as it travels: content, path in the hash tree where there is a root, tag. */
export function sealedLength(manifest: Manifest, block: number, blocks: number): number {
  const path = manifest.root === undefined ? 0 : pathBytes(block, blocks);
  return blockLength(manifest, block) + path + TAG_BYTES;
}

/** Unfinished blocks, within a budget of memory. Buffers are used again. */
export class Assemblies {
  readonly #manifest: Manifest;
  readonly #blocks: number;
  readonly #open = new Map<number, Assembly>();
  readonly #free: Uint8Array[] = [];
  readonly #bufferBytes: number;
  readonly #most: number;
  #last: Assembly | undefined;

  /** @param window bytes, as told to the sender */
  constructor(manifest: Manifest, blocks: number, window: number) {
    this.#manifest = manifest;
    this.#blocks = blocks;
    this.#bufferBytes = manifest.block + 32 * 32 + TAG_BYTES;
    this.#most = Math.max(2, Math.ceil(window / manifest.block));
  }

  get open(): number {
    return this.#open.size;
  }

  /** @returns null where there is no memory left for another block */
  get(block: number, generation: number): Assembly | null {
    if (this.#last?.block === block) return this.#last;
    const known = this.#open.get(block);
    if (known !== undefined) {
      this.#last = known;
      return known;
    }
    if (this.#open.size >= this.#most) return null;
    const buffer = this.#free.pop() ?? new Uint8Array(this.#bufferBytes);
    const sealed = buffer.subarray(0, sealedLength(this.#manifest, block, this.#blocks));
    const assembly = { block, generation, sealed, received: new RangeSet() };
    this.#open.set(block, assembly);
    this.#last = assembly;
    return assembly;
  }

  /** What came so far was sealed otherwise, and is of no use. */
  restart(assembly: Assembly, generation: number): void {
    assembly.generation = generation;
    assembly.received.clear();
  }

  release(assembly: Assembly): void {
    this.#open.delete(assembly.block);
    if (this.#last === assembly) this.#last = undefined;
    const { buffer } = assembly.sealed;
    this.#free.push(new Uint8Array(buffer as ArrayBuffer));
  }
}
