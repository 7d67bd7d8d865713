import type { ObjectStore } from '@nats-io/obj';
import type { Logger } from '../../base/log.js';
import type { Random } from '../../base/random.js';
import { assertSpace } from '../keys.js';
import type { CheckReport } from '../local.js';
import { Quota } from '../quota.js';
import type { Blobs, BlobsOptions, Logs, Records, SpaceKind, Store } from '../store.js';
import { type BlobsInit, NatsBlobs } from './blobs.js';
import { NatsBus } from './bus.js';
import { checkNats } from './check.js';
import type { Cluster } from './cluster.js';
import { NatsLogs } from './logs.js';
import { NatsRecords } from './records.js';
import type { Layout } from './streams.js';
import { segmentOf, tokenOf } from './subjects.js';

export interface NatsParts {
  readonly cluster: Cluster;
  readonly objects: ObjectStore;
  readonly layout: Layout;
  readonly log: Logger;
  readonly random: Random;
}

/** Before the space, for the records of blobs: no name of a space is encoded so. */
export const BLOB_INDEX = '=blobs=';

export class NatsStore implements Store {
  readonly bus: NatsBus;
  readonly #parts: NatsParts;
  readonly #records = new Map<string, NatsRecords>();
  readonly #logs = new Map<string, NatsLogs>();
  readonly #blobs = new Map<string, { readonly blobs: NatsBlobs; readonly limit: number }>();
  readonly #quotas = new Map<string, Quota>();
  readonly #onClose: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  constructor(parts: NatsParts) {
    this.#parts = parts;
    this.bus = new NatsBus(parts.cluster.connection, parts.layout.busSubjects, parts.log);
  }

  records(space: string): Records {
    return this.recordsOf(space);
  }

  recordsOf(space: string): NatsRecords {
    assertSpace(space);
    return this.recordsBelow(tokenOf(space));
  }

  async spaces(kind: SpaceKind): Promise<string[]> {
    const { cluster, layout } = this.#parts;
    const [stream, prefix] =
      kind === 'logs' ? [layout.logs, layout.logSubjects] : [layout.records, layout.recordSubjects];
    const tokens = new Set<string>();
    for (const subject of await cluster.subjects(stream, `${prefix}.>`)) {
      tokens.add(subject.slice(prefix.length + 1).split('.', 1)[0]!);
    }
    const isIndex = (token: string): boolean => token.startsWith(BLOB_INDEX);
    const spaces: string[] = [];
    for (const token of tokens) {
      if (kind !== 'logs' && isIndex(token) !== (kind === 'blobs')) continue;
      // What was deleted is there for a while.
      if (kind !== 'logs' && (await this.recordsBelow(token).isEmpty())) continue;
      spaces.push(segmentOf(isIndex(token) ? token.slice(BLOB_INDEX.length) : token));
    }
    return spaces.sort();
  }

  /** Records whose subjects begin with that token. */
  recordsBelow(token: string): NatsRecords {
    const { cluster, layout } = this.#parts;
    const prefix = `${layout.recordSubjects}.${token}`;
    return of(this.#records, token, () => new NatsRecords({ cluster, stream: layout.records, prefix }));
  }

  logs(space: string): Logs {
    assertSpace(space);
    const { cluster, layout } = this.#parts;
    const prefix = `${layout.logSubjects}.${tokenOf(space)}`;
    return of(this.#logs, space, () => new NatsLogs({ cluster, stream: layout.logs, prefix }));
  }

  blobs(space: string, { quota: limit = Number.POSITIVE_INFINITY }: BlobsOptions = {}): Blobs {
    assertSpace(space);
    const { cluster, objects, random } = this.#parts;
    const index = this.recordsBelow(`${BLOB_INDEX}${tokenOf(space)}`);
    const quota = of(this.#quotas, space, () => new Quota());
    return of(this.#blobs, `${space}/${limit}`, () => {
      const init: BlobsInit = { cluster, objects, index, random, limit, quota, counted: undefined };
      return { limit, blobs: new NatsBlobs(init) };
    }).blobs;
  }

  /** @param assertMayWrite throws where this process must not write any more */
  guardWrites(assertMayWrite: () => void): void {
    this.#parts.cluster.guardWrites(assertMayWrite);
  }

  /** Reads everything and compares checksums, while the store is in use. */
  check(): Promise<CheckReport> {
    return checkNats(this);
  }

  onClose(step: () => Promise<void>): void {
    this.#onClose.push(step);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { cluster } = this.#parts;
    this.bus.close();
    for (const step of this.#onClose) await step();
    cluster.end();
    await cluster.idle();
    await cluster.connection.close();
  }
}

function of<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
