import type { Duplex } from 'node:stream';
import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import { openUploadBlock } from '../../crypto/upload-blocks.js';
import { PartialDownload } from '../../transfer/files/partial-download.js';
import type { PlacedFile, Progress } from '../../transfer/transfer.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { blockCount, blockLength, contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import { readShape } from '../../wire/transfer-shape.js';
import type { TransferRow } from '../storage/tables.js';
import type { Outcome, Run } from './run.js';
import { inWindow } from './window.js';

export interface DepositRunInit {
  readonly row: TransferRow;
  readonly manifest: Manifest;
  readonly directoryId: string;
  readonly clock: Clock;
  readonly request: DirectoryRequest;
  /** Something to be shown has changed. */
  onChange(): void;
}

/** Progress is told at most so often. */
const TELL_EVERY_MS = 200;

/**
 * Fetches what was laid down at the directory, into the same hidden folder into which a direct transfer writes: each goes on
 * from what the other has brought. Ends with `partly` where only a part lies there.
 */
export class DepositRun implements Run {
  readonly ended: Promise<Outcome>;
  readonly endpoint = undefined;
  readonly incoming = undefined;
  running = false;
  here = 0;
  average = 0;
  seconds: number | undefined;
  progress: Progress | undefined;
  readonly #init: DepositRunInit;
  readonly #abort = new AbortController();
  readonly #deposit: NonNullable<TransferRow['deposit']>;
  #began = { at: 0, bytes: 0 };
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(init: DepositRunInit) {
    this.#init = init;
    this.#deposit = init.row.deposit!;
    this.ended = this.#fetch().catch(judged);
    this.ended.catch(() => {});
  }

  addCandidates(): void {}

  attachStream(stream: Duplex): void {
    stream.destroy();
  }

  stop(): void {
    this.#abort.abort();
  }

  async cancel(): Promise<void> {
    this.stop();
    await this.ended.catch(() => {});
  }

  async #fetch(): Promise<Outcome> {
    const { row, manifest, request } = this.#init;
    const { have } = await request('deposits.find', { deposit: this.#deposit.id });
    const { sums } = this.#deposit;
    const partial = await PartialDownload.open({
      ...{ id: row.id, manifest, folder: row.folder!, durable: true, keep: true },
      shape: readShape(row.shape),
    });
    try {
      this.#advance(partial);
      this.#begin();
      await this.#blocks(partial, have);
      if (this.#abort.signal.aborted) return 'stopped';
      if (partial.have.size === blockCount(manifest)) return { files: await this.#place(partial) };
      // All of it was there once.
      if (sums !== undefined) throw new Failure('deposit-gone');
      return 'partly';
    } catch (error) {
      if (hasCode(error, 'deposit-damaged') && partial.have.size === blockCount(manifest)) await partial.discard();
      throw error;
    } finally {
      this.running = false;
      await partial.close();
    }
  }

  async #blocks(partial: PartialDownload, have: number): Promise<void> {
    const { clock, request, directoryId, manifest } = this.#init;
    const { id, key } = this.#deposit;
    const place = { directoryId, deposit: id, size: contentBytes(manifest) };
    const { signal } = this.#abort;
    const missing = function* (): Generator<number> {
      for (let block = 0; block < have && !signal.aborted; block++) {
        if (partsOf(manifest, block).some((part) => !partial.have.has(part))) yield block;
      }
    };
    await inWindow({
      clock,
      items: missing(),
      ask: async (block) => {
        const { sealed } = await request('deposits.get', { deposit: id, block });
        const plain = openUploadBlock(key, place, block, sealed);
        if (plain === undefined) throw new Failure('deposit-damaged');
        if (signal.aborted) return;
        this.#keep(partial, block, plain);
      },
    });
  }

  #keep(partial: PartialDownload, block: number, plain: Uint8Array): void {
    const { manifest } = this.#init;
    let from = 0;
    for (const part of partsOf(manifest, block)) {
      const end = from + blockLength(manifest, part);
      if (!partial.have.has(part)) partial.write(part, plain.subarray(from, end));
      from = end;
    }
    this.#advance(partial);
  }

  async #place(partial: PartialDownload): Promise<readonly PlacedFile[]> {
    const sums = await partial.sums();
    const promised = this.#deposit.sums;
    if (promised !== undefined && !sums.every((sum, at) => promised[at] !== undefined && sameBytes(sum, promised[at])))
      throw new Failure('deposit-damaged');
    await partial.place();
    return partial.finish();
  }

  #begin(): void {
    this.running = true;
    this.#began = { at: this.#init.clock.monotonic(), bytes: this.here };
    this.#init.onChange();
  }

  #advance(partial: PartialDownload): void {
    const { manifest, clock, onChange } = this.#init;
    const size = contentBytes(manifest);
    this.here = Math.min(size, partial.have.size * manifest.block);
    const now = clock.monotonic();
    const elapsed = now - this.#began.at;
    if (!this.running || elapsed <= 0) return;
    this.average = ((this.here - this.#began.bytes) * 1_000) / elapsed;
    if (this.#began.bytes === 0) this.seconds = elapsed / 1_000;
    this.progress = {
      ...{ bytes: this.here, size, rate: this.average, rtt: 0, loss: 0, path: DIRECTORY, reason: 'bandwidth', mtu: 0 },
    };
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    onChange();
  }
}

/** In the place of the other side's address. */
export const DIRECTORY = 'directory';

/** The blocks of the transfer of which a block of the deposit consists. */
function partsOf(manifest: Manifest, block: number): number[] {
  const each = DEPOSIT_BLOCK_BYTES / manifest.block;
  const first = block * each;
  return Array.from({ length: Math.min(each, blockCount(manifest) - first) }, (_, at) => first + at);
}

function judged(error: unknown): Outcome {
  const failure = toFailure(error);
  if (failure.reason === 'unreachable') return 'unreachable';
  if (failure.code === 'upload-gone') throw new Failure('deposit-gone', undefined, { cause: error });
  throw error;
}
