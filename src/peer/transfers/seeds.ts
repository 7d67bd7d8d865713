import { join } from 'node:path';
import { hex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { openUploadBlock } from '../../crypto/upload-blocks.js';
import type { LocalStore } from '../../store/local.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { MAIL_KEPT_MS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { contentBytes, manifestCodec } from '../../wire/transfer-manifest.js';
import type { SeedEvent } from '../api/seeds.js';
import type { Transaction } from '../messaging/transaction.js';
import type { SeedRow } from '../storage/seed-row.js';
import type { Tables } from '../storage/tables.js';
import { assertRoom } from './disk-space.js';
import { SeedFile } from './seed-file.js';
import { inWindow } from './window.js';

export interface SeedsInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly self: DeviceAddress;
  /** Where the blocks are kept. */
  readonly folder: string;
  readonly directoryId: string;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  emit(event: SeedEvent): void;
  report(what: string, error: unknown): void;
}

/** How often what lies at the directory is looked at, at most; and what failed is tried again. */
const LOOK_EVERY_MS = 6 * 3_600_000;
const RETRY_MS = 60_000;
/** While it is being laid down: the word that all of it lies there may wait until that device is back. */
const GROWS_MS = 3_000;
/** Behind the end of its time there, by the directory's clock. */
const BEHIND_MS = 1_000;

type Laid = SeedRow & { readonly deposit: NonNullable<SeedRow['deposit']> };

/**
 * A keeper seeds what other devices of its account have laid down for people who are away:
 *
 * 1. The device that offers tells all devices of the two people, this one too, what it is and where it lies.
 * 2. Once all of it lies there, which is looked for, the blocks are fetched, each tried with the key, and kept as they are: sealed.
 * 3. Where the directory has forgotten them, because their time is over or its store was lost, they are laid down again under
 *    the same id: the receiver needs no further word, and the device that offered may be off for good.
 * 4. When the receiver has it, declines it, or the sender takes it back, nothing of it stays.
 *
 * Of several offers of the same files, as to a group, the blocks are kept once.
 */
export class Seeds {
  readonly #init: SeedsInit;
  readonly #rows = new Map<string, SeedRow>();
  readonly #looks = new Map<string, Cancel>();
  readonly #busy = new Set<string>();
  #closed = false;
  /** Whether this program is a keeper. */
  #on = false;

  constructor(init: SeedsInit) {
    this.#init = init;
    init.scope.defer(() => this.#close());
  }

  async load(): Promise<void> {
    const { tables, disk, clock } = this.#init;
    for await (const row of tables.seeds.range([])) {
      if (row.at + MAIL_KEPT_MS > clock.now()) this.#rows.set(hex(row.transfer), row);
      else await disk.write([tables.seeds.remove([hex(row.transfer)])]);
    }
  }

  /** From now on, as long as this program runs. */
  begin(): void {
    this.#on = true;
    for (const id of new Set(this.#laid().map(({ deposit }) => hex(deposit.id)))) this.#look(id);
  }

  /** What is said about a transfer between this account and another person; kept with the memory that it came. */
  take(user: string, from: DeviceAddress, content: TransferContent, tx: Transaction): void {
    const id = hex(content.transfer);
    const row = this.#rows.get(id);
    const isOwn = foldName(from.user) === foldName(this.#init.self.user);
    if (content.type === 'offer' && isOwn && this.#on && row === undefined) this.#offered(user, content, tx);
    if (row === undefined || foldName(row.user) !== foldName(user)) return;
    if (content.type === 'deposit' && isOwn) {
      const { deposit, key } = content;
      this.#keep({ ...row, deposit: { id: deposit, key } }, tx);
      tx.afterCommit(() => this.#look(hex(deposit)));
    } else if (content.type === 'answer' && isEnd(content, isOwn)) this.#release(row, tx);
  }

  #close(): void {
    this.#closed = true;
    for (const cancel of this.#looks.values()) cancel();
  }

  #offered(user: string, offer: Extract<TransferContent, { type: 'offer' }>, tx: Transaction): void {
    try {
      const size = contentBytes(manifestCodec.decode(offer.manifest));
      this.#keep({ transfer: offer.transfer, user, size, at: this.#init.clock.now() }, tx);
    } catch (error) {
      if (!hasCode(error, 'malformed')) throw error;
    }
  }

  #keep(row: SeedRow, tx: Transaction): void {
    this.#rows.set(hex(row.transfer), row);
    tx.add(this.#init.tables.seeds.put([hex(row.transfer)], row));
  }

  #release(row: SeedRow, tx: Transaction): void {
    const { tables, scope, request } = this.#init;
    this.#rows.delete(hex(row.transfer));
    tx.add(tables.seeds.remove([hex(row.transfer)]));
    const { deposit } = row;
    if (deposit === undefined) return;
    tx.afterCommit(() => {
      this.#tell(row, 'released');
      if (this.#of(hex(deposit.id)).length > 0) return;
      this.#looks.get(hex(deposit.id))?.();
      // What was laid down again for somebody who had it by then, too.
      scope.run(
        () => request('deposits.remove', { deposit: deposit.id }),
        () => {},
      );
      scope.run(
        () => this.#fileOf(row as Laid).remove(),
        (error) => this.#init.report('', error),
      );
    });
  }

  #laid(): Laid[] {
    return [...this.#rows.values()].filter((row): row is Laid => row.deposit !== undefined);
  }

  #of(id: string): Laid[] {
    return this.#laid().filter(({ deposit }) => hex(deposit.id) === id);
  }

  #fileOf({ deposit, size }: Laid): SeedFile {
    return new SeedFile(join(this.#init.folder, hex(deposit.id)), size);
  }

  #look(id: string): void {
    const { scope, isOnline } = this.#init;
    if (!this.#on || this.#closed || this.#busy.has(id) || this.#of(id).length === 0) return;
    if (!isOnline()) {
      this.#lookIn(id, RETRY_MS);
      return;
    }
    this.#busy.add(id);
    scope.run(
      async () => {
        const wait = await this.#tend(id).finally(() => this.#busy.delete(id));
        this.#lookIn(id, wait);
      },
      (error) => this.#failed(id, toFailure(error)),
    );
  }

  #failed(id: string, why: Failure): void {
    if (this.#closed) return;
    if (why.reason !== 'unreachable') this.#init.report('what another device of yours has laid down', why);
    this.#lookIn(id, why.reason === 'unreachable' ? RETRY_MS : LOOK_EVERY_MS);
  }

  #lookIn(id: string, ms: number): void {
    this.#looks.get(id)?.();
    if (this.#closed) return;
    this.#looks.set(
      id,
      this.#init.clock.after(ms, () => this.#look(id)),
    );
  }

  /** @returns after how many milliseconds it is looked at again */
  async #tend(id: string): Promise<number> {
    const { request, clock } = this.#init;
    const [first] = this.#of(id);
    if (first === undefined) return LOOK_EVERY_MS;
    const file = this.#fileOf(first);
    const there = await request('deposits.find', { deposit: first.deposit.id }).catch((error: unknown) => {
      if (!hasCode(error, 'upload-gone')) throw error;
      return undefined;
    });
    if (!(await file.isWhole())) {
      // It is being laid down; or whoever did so does it again.
      if (there?.finished !== true) return there === undefined ? LOOK_EVERY_MS : GROWS_MS;
      await this.#fetch(first, file);
      this.#tell(first, 'held');
    }
    const { expires } = there?.finished === true ? there : await this.#layAgain(id, first, file);
    return Math.min(LOOK_EVERY_MS, Math.max(BEHIND_MS, expires - clock.now() + BEHIND_MS));
  }

  async #fetch({ deposit, size }: Laid, file: SeedFile): Promise<void> {
    const { request, directoryId, folder } = this.#init;
    const { id, key } = deposit;
    await assertRoom(folder, size, { taken: [], unasked: true });
    const place = { directoryId, deposit: id, size };
    const lacking = async function* () {
      for (let block = await file.have(); block < file.blocks; block++) {
        const { sealed } = await request('deposits.get', { deposit: id, block });
        if (openUploadBlock(key, place, block, sealed) === undefined) throw new Failure('deposit-damaged');
        yield sealed;
      }
    };
    await file.fill(lacking());
  }

  /** @returns how long the directory keeps it now */
  async #layAgain(id: string, { deposit, size }: Laid, file: SeedFile): Promise<{ readonly expires: number }> {
    const { request, clock } = this.#init;
    const to = this.#of(id).map(({ user }) => user);
    const { have } = await request('deposits.begin', { deposit: deposit.id, to, size });
    await inWindow({
      ...{ clock, items: file.read(have) },
      ask: async ({ block, sealed }) => void (await request('deposits.put', { deposit: deposit.id, block, sealed })),
    });
    const finished = await request('deposits.finish', { deposit: deposit.id });
    for (const row of this.#of(id)) this.#tell(row, 'laid');
    return finished;
  }

  #tell({ transfer, user, size }: SeedRow, state: SeedEvent['state']): void {
    this.#init.emit({ event: 'seed', id: hex(transfer), user, state, size });
  }
}

/** Nobody is going to fetch it any more. Where one of several devices was too late, that is said to that one alone. */
function isEnd({ step, device, reason }: Extract<TransferContent, { type: 'answer' }>, isOwn: boolean): boolean {
  if (device !== undefined) return false;
  if (step === 'done' || step === 'decline') return !isOwn;
  // With a reason the receiver could not go on, and may try again.
  return step === 'cancel' && (isOwn || reason === undefined);
}
