import type { Clock } from '../../base/clock.js';
import type { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import type { Source } from '../../transfer/transfer.js';
import type { TransferContent } from '../../wire/content.js';
import { contentBytes, manifestCodec } from '../../wire/transfer-manifest.js';
import type { TransferEvent } from '../api/events.js';
import type { OfferOptions } from '../api/peer.js';
import type { TransferRow } from '../storage/tables.js';
import type { Deposits } from './deposits.js';
import { describeFor, stampOf } from './source.js';
import { shapeOf } from './source-shape.js';
import { awayForNow, shutOut } from './stall-reasons.js';
import type { TransferEndpoint } from './transfer-endpoint.js';
import { nobodyElse } from './transfer-failures.js';
import type { TransferEntry, TransferStore } from './transfer-store.js';

export interface OffersInit {
  readonly entries: TransferStore;
  readonly deposits: Deposits;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly sockets: TransferEndpoint;
  enter(to: string): Promise<string>;
  members(group: string): Promise<{ readonly group: string; readonly users: readonly string[] }>;
  send(user: string, content: TransferContent): Promise<Uint8Array>;
  /** None of their devices is there, as far as the directory knows. */
  isAway(user: string): Promise<boolean>;
  /** Why the directory can't be used, where that is something else than absence. */
  trouble(): Failure | undefined;
}

/** Whoever is there has answered by then, or been asked at least. */
const AWAY_AFTER_MS = 3_000;

/** Makes offers, and sees to those that nobody takes because nobody is there. */
export class Offers {
  readonly #init: OffersInit;

  constructor(init: OffersInit) {
    this.#init = init;
  }

  /** To a person. */
  async toPerson(to: string, paths: readonly string[], options: OfferOptions): Promise<TransferEvent> {
    const [source, user] = await Promise.all([describeFor(paths, options), this.#init.enter(to)]);
    const entry = await this.#make(user, source, paths, options);
    this.#see([entry], options.leave === true);
    return this.#init.entries.view(entry);
  }

  /** To each of the others in a group, one transfer each. */
  async toGroup(name: string, paths: readonly string[], options: OfferOptions): Promise<TransferEvent[]> {
    const [source, { group, users }] = await Promise.all([describeFor(paths, options), this.#init.members(name)]);
    if (users.length === 0) throw nobodyElse(group);
    const entered = await Promise.all(users.map((user) => this.#init.enter(user)));
    const made = await Promise.all(entered.map((user) => this.#make(user, source, paths, options, group)));
    this.#see(made, options.leave === true);
    return made.map((entry) => this.#init.entries.view(entry));
  }

  async #make(
    user: string,
    source: Source,
    paths: readonly string[],
    options: OfferOptions,
    group?: string,
  ): Promise<TransferEntry> {
    const { clock, random, disk, sockets, entries } = this.#init;
    const { video = false, rate, pace, trace } = options;
    const candidates = await sockets.local();
    const row: TransferRow = {
      order: entries.nextOrder,
      id: random.bytes(16),
      direction: 'out',
      user,
      secret: random.bytes(32),
      manifest: manifestCodec.encode(source.manifest),
      shape: shapeOf(source),
      video,
      createdAt: clock.now(),
      state: 'offered',
      candidates: [],
      ...(group !== undefined && { group }),
      source: {
        paths: [...paths],
        stamp: stampOf(source),
        ...(rate !== undefined && { rate }),
        ...(pace !== undefined && { pace }),
        ...(trace !== undefined && { trace }),
      },
    };
    const entry: TransferEntry = { row, manifest: source.manifest, source };
    entries.add(entry);
    await disk.write([entries.put(entry)]);
    entries.show(entry);
    const { id: transfer, secret, manifest, shape, createdAt: sentAt } = row;
    entry.message = await this.#init.send(user, {
      ...{ type: 'offer', transfer, secret, manifest, video, sentAt, candidates },
      ...(shape && { shape }),
      ...(group !== undefined && { group }),
    });
    return entry;
  }

  /** Where nobody is there it needs no waiting to know that. */
  #see(made: readonly TransferEntry[], leave: boolean): void {
    const { scope, clock, isAway } = this.#init;
    scope.run(
      async () => {
        const away = await Promise.all(made.map(({ row }) => isAway(row.user)));
        if (away.every(Boolean)) return this.#judge(made, leave);
        scope.after(clock, AWAY_AFTER_MS, () =>
          scope.run(
            () => this.#judge(made, leave),
            () => {},
          ),
        );
      },
      () => {},
    );
  }

  async #judge(made: readonly TransferEntry[], leave: boolean): Promise<void> {
    const { deposits, isAway, trouble, entries } = this.#init;
    const open = made.filter(({ row }) => row.state === 'offered');
    if (open.length === 0) return;
    if (leave) return deposits.leave(open);
    for (const entry of open) {
      if (!(await isAway(entry.row.user))) continue;
      const lifetime = await deposits.wouldTake(contentBytes(entry.manifest));
      if (entry.row.state !== 'offered' || entry.row.deposit !== undefined) continue;
      const why = trouble();
      entry.waiting = why === undefined ? awayForNow(entry.row, lifetime) : shutOut(entry.row, why);
      entries.show(entry);
    }
  }
}
