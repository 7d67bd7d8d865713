import type { Revision, Store } from './store.js';

/** One write of a batch. `expect` as in Records and Log. */
export type Step =
  | { readonly kind: 'create'; readonly space: string; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'put'; readonly space: string; readonly key: string; readonly value: Uint8Array }
  | {
      readonly kind: 'replace';
      readonly space: string;
      readonly key: string;
      readonly value: Uint8Array;
      readonly expect: Revision;
    }
  | { readonly kind: 'delete'; readonly space: string; readonly key: string; readonly expect?: Revision }
  | {
      readonly kind: 'append';
      readonly space: string;
      readonly log: string;
      readonly value: Uint8Array;
      readonly expect?: number;
    };

/** A store inside this process, as the peer has: besides, several records and logs can be written at once. */
export interface LocalStore extends Store {
  /**
   * All steps or none, each judged after the ones before it.
   * @returns for each step the revision or the log position; 0 for a delete
   * @throws `store-exists`, `store-conflict` with the detail `step`, the index of the step refused
   */
  write(steps: readonly Step[]): Promise<readonly number[]>;
  /** Reads everything and compares checksums, while the store is in use. */
  check(): Promise<CheckReport>;
}

export interface CheckReport {
  readonly records: number;
  readonly entries: number;
  readonly blobs: number;
  /** Bytes of values and blobs read. */
  readonly bytes: number;
  /** What is wrong, one sentence each; empty when all is well. */
  readonly problems: readonly string[];
}
