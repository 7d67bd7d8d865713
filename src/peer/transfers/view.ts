import { basename } from 'node:path';
import { hex } from '../../base/bytes.js';
import { timestamp } from '../../base/clock.js';
import type { Progress } from '../../transfer/transfer.js';
import { cleanLine } from '../../wire/text.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import type { TransferEvent, TransferState } from '../api/events.js';
import { conversationWith } from '../messaging/conversation.js';
import { isLan } from '../network/is-lan.js';
import type { TransferRow } from '../storage/tables.js';
import { DIRECTORY } from './deposit-run.js';
import { isRelayed } from './session.js';

/** A transfer as it is told to whoever watches. */

/** What is known of it besides its row. */
export interface Now {
  readonly running: boolean;
  readonly progress?: Progress | undefined;
  readonly endpoint?: string | undefined;
  /** Content that is here. */
  readonly here: number;
  /** Bytes per second over the whole of it, once it is done. */
  readonly average: number;
  /** How long all of it took, where it came in one go. */
  readonly seconds?: number | undefined;
  readonly waiting?: TransferEvent['waiting'];
  /** Content that has been laid down so far, and why it could not be. */
  readonly laid?: number | undefined;
  readonly notLaid?: NonNullable<TransferEvent['laid']>['error'] | undefined;
  /** Of an offer that was just made here. */
  readonly leftOut?: NonNullable<TransferEvent['leftOut']>;
}

function stateOf({ state, paused }: TransferRow, running: boolean): TransferState {
  if (state !== 'accepted') return state;
  if (paused !== undefined) return 'paused';
  return running ? 'running' : 'accepted';
}

export function viewOf(row: TransferRow, manifest: Manifest, now: Now): TransferEvent {
  const { running, progress, endpoint, here, average, seconds, waiting, leftOut = [] } = now;
  const size = contentBytes(manifest);
  const state = stateOf(row, running);
  const bytes = row.state === 'done' ? size : Math.max(progress?.bytes ?? 0, here);
  const rate = state === 'done' ? average || (progress?.rate ?? 0) : state === 'running' ? (progress?.rate ?? 0) : 0;
  return {
    event: 'transfer',
    id: hex(row.id),
    direction: row.direction,
    peer: row.user,
    conversation: row.group === undefined ? conversationWith(row.user) : row.group,
    files: manifest.files.map((file, index) => fileOf(file, row.results?.[index] ?? ownFile(row, manifest))),
    state,
    bytes,
    size,
    rate: Math.round(rate),
    ...(progress !== undefined && progress.path !== DIRECTORY && { path: pathOf(progress.path) }),
    ...(row.video && { video: true }),
    ...(leftOut.length > 0 && { leftOut: leftOut.map(({ name, why }) => ({ name: cleanLine(name), why })) }),
    ...(state === 'running' && progress !== undefined && runningOf(row, progress)),
    ...(state === 'running' && endpoint !== undefined && { endpoint }),
    ...(state === 'done' && seconds !== undefined && { seconds: rounded(seconds) }),
    ...((state === 'accepted' || state === 'offered') && waiting !== undefined && { waiting }),
    ...laidOf(row, size, now),
    ...(state === 'paused' && row.paused !== undefined && { pausedBy: row.paused }),
    offeredAt: timestamp(row.createdAt),
    ...(row.failure !== undefined && { error: row.failure }),
  };
}

/** How it stands with what lies at the directory, as long as that matters. */
function laidOf(
  { direction, state, deposit }: TransferRow,
  size: number,
  { laid = 0, notLaid }: Now,
): Pick<TransferEvent, 'laid'> {
  if (state !== 'offered' && state !== 'accepted') return {};
  if (notLaid !== undefined) return { laid: { state: 'refused', bytes: 0, error: notLaid } };
  if (deposit === undefined) return {};
  // Whoever laid it down may go once that is known.
  const whole = deposit.sums !== undefined && (direction === 'in' || deposit.told === true);
  return {
    laid: {
      state: whole ? 'laid' : 'laying',
      bytes: whole ? size : laid,
      ...(deposit.expires !== undefined && { expires: timestamp(deposit.expires) }),
    },
  };
}

/** A file that is offered by itself lies here, at the sender. */
function ownFile({ source }: TransferRow, { files }: Manifest): { readonly path?: string } {
  const [path, ...more] = source?.paths ?? [];
  const alone = path !== undefined && more.length === 0 && files.length === 1 && files[0]!.path === basename(path);
  return alone ? { path } : {};
}

function fileOf(
  { path, size, type }: Manifest['files'][number],
  result: { readonly sha256?: string | undefined; readonly path?: string | undefined } | undefined,
) {
  return {
    name: cleanLine(path),
    size,
    ...(type !== undefined && { type: cleanLine(type) }),
    ...(result?.sha256 !== undefined && { sha256: result.sha256 }),
    ...(result?.path !== undefined && { path: result.path }),
  };
}

/** To three digits after the point. */
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

function runningOf({ direction }: TransferRow, { bytes, size, rate, rtt, loss, reason, mtu, start, path }: Progress) {
  return {
    ...(rate > 0 && { timeLeft: Math.ceil((size - bytes) / rate) }),
    ...(rtt > 0 && { rtt: rounded(rtt), loss: Math.round(loss * 1e5) / 1e5 }),
    ...(mtu > 0 && { datagram: mtu }),
    ...(start !== undefined && { start }),
    // The receiver sees what comes, and only the sender why it is no more.
    ...(path !== DIRECTORY && { reason: direction === 'in' ? 'sender' : reason }),
  };
}

function pathOf(key: string): 'direct' | 'lan' | 'tcp' | 'relay' {
  if (isRelayed(key)) return 'relay';
  return key === 'stream' ? 'tcp' : isLan(key.split(' ')[0]!);
}
