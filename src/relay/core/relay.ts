import { hasCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { SigningKey } from '../../crypto/keys.js';
import { signBound } from '../../crypto/relay-token.js';
import { CookieGate } from '../../transfer/protocol/cookies.js';
import type { Emit, Path } from '../../transfer/protocol/path.js';
import { encodeRetry } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, datagramLength, TYPE, viewOf } from '../../wire/datagrams/header.js';
import {
  type Bind,
  boundStatement,
  decodeBind,
  encodeGone,
  encodeKeep,
  encodeRefused,
  keepMark,
  RELAY_DATA_BYTES,
  type RelayRefusal,
} from '../../wire/datagrams/relay.js';
import { RELAY_IDLE_MS } from '../../wire/limits.js';
import { Binder } from './binder.js';
import { type Binding, Bindings } from './bindings.js';
import { type Dropped, newCounters } from './counters.js';
import { Flows, type Piece } from './flows.js';
import { GONE_PER_SECOND, REFUSED_EVERY_MS, type RelayLimits } from './limits.js';
import { Quotas, secondsLeftOfDay } from './quotas.js';

/**
 * Sends datagrams on between two devices, each of which has a token that the directory signed for the two and for this relay.
 * What is in them is sealed by the two, and nothing here looks at it.
 *
 *     Bind without a cookie ──▶ Retry      proves nothing yet, and keeps nothing here
 *     Bind with it ──▶ Bound, a channel    the address is proved: what the other side sends goes there
 *     Data ──▶ Data on the other's channel, in turn (flows.ts) and within the quotas
 *     a minute of silence, or the end of the token ──▶ forgotten
 *
 * Never more goes to an address than came from it, and one datagram for one, but what the other side sent to a proved one.
 */

export interface RelayInit {
  /** By which the relay is known. */
  readonly key: SigningKey;
  /** Whose tokens count. */
  readonly directoryId: string;
  readonly limits: RelayLimits;
  readonly random: Random;
  readonly emit: Emit;
  /** Milliseconds since 1970, by which tokens expire and days begin. */
  wall(): number;
}

/** To be sent at once, as `piece.length` bytes in datagrams of `piece.segment`; then given back. */
export interface Onward {
  readonly path: Path;
  readonly piece: Piece;
}

const SWEEP_EVERY_MS = 1_000;
/** When whoever found no place may look again. */
const FULL_SECONDS = 30;

export class Relay {
  readonly counters = newCounters();
  readonly #init: RelayInit;
  readonly #gate: CookieGate;
  readonly #bindings = new Bindings();
  readonly #quotas: Quotas;
  readonly #flows: Flows<Binding>;
  readonly #binder: Binder;
  #gones = 0;
  #sweepAt = 0;

  constructor(init: RelayInit) {
    this.#init = init;
    this.#gate = new CookieGate(init.random, 0);
    this.#quotas = new Quotas(init.limits);
    this.#flows = new Flows(init.limits, this.counters, this.#quotas.pace);
    this.#binder = new Binder({
      ...init,
      bindings: this.#bindings,
      quotas: this.#quotas,
      forget: (binding) => this.#forget(binding),
    });
  }

  /** Datagrams from one address, one after another. Keeps nothing of `bytes`. */
  receive(bytes: Uint8Array, view: DataView, from: number, total: number, path: Path, now: number): void {
    const end = from + total;
    for (let at = from; at < end; ) {
      const length = datagramLength(view, at, end);
      if (length === 0) return;
      if (view.getUint8(at) === TYPE.relayData) at = this.#onData(bytes, view, at, length, end, path, now);
      else {
        this.#onOther(bytes.subarray(at, at + length), path, now);
        at += length;
      }
    }
  }

  #onOther(datagram: Uint8Array, path: Path, now: number): void {
    try {
      if (datagram[0] === TYPE.relayBind) this.#onBind(decodeBind(datagram), datagram, path, now);
      else if (datagram[0] === TYPE.relayKeep) this.#onKeep(datagram, path, now);
    } catch (error) {
      if (!hasCode(error, 'malformed')) throw error;
    }
  }

  #onBind(bind: Bind, datagram: Uint8Array, path: Path, now: number): void {
    const verdict = this.#gate.judge(bind.cookie, path.key, now);
    if (verdict === 'retry') {
      this.#init.emit(path, encodeRetry(bind.id, this.#gate.cookie(path.key, now), TYPE.relayRetry));
    }
    if (verdict !== 'judge' || !this.#binder.mayJudge(path, now)) return;
    const binding = this.#binder.bind(bind, path, now);
    this.counters.bindings = this.#bindings.size;
    if (typeof binding === 'string') {
      this.#refuse(path, bind.id, binding);
      return;
    }
    this.counters.binds++;
    const there = this.#bindings.opposite(binding) !== undefined;
    const statement = boundStatement(bind.id, binding.init.channel, there);
    const signature = signBound(this.#init.key, datagram, statement);
    const answer = new Uint8Array(statement.length + signature.length);
    answer.set(statement);
    answer.set(signature, statement.length);
    this.#init.emit(path, answer);
  }

  #refuse(path: Path, id: ConnectionId, reason: RelayRefusal): void {
    this.counters.refused[reason]++;
    const isQuota = reason === 'accountQuota' || reason === 'pairQuota' || reason === 'relayQuota';
    const seconds = isQuota ? secondsLeftOfDay(this.#init.wall()) : reason === 'full' ? FULL_SECONDS : 0;
    this.#init.emit(path, encodeRefused(id, { reason, seconds }));
  }

  #onKeep(datagram: Uint8Array, path: Path, now: number): void {
    const mark = keepMark(datagram);
    const binding = this.#senderOf(viewOf(datagram), 0, path, 1);
    if (binding === undefined) return;
    binding.heardAt = now;
    const there = this.#bindings.opposite(binding) !== undefined;
    this.#init.emit(path, encodeKeep(TYPE.relayKept, binding.init.channel, mark, there));
  }

  /** Whose datagram stands at `at`: undefined where nobody is bound so, or is elsewhere, of which he is told. */
  #senderOf(view: DataView, at: number, path: Path, datagrams: number): Binding | undefined {
    const [high, low] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    const binding = this.#bindings.find(high, low);
    if (binding?.isAt(path)) return binding;
    this.#drop(binding === undefined ? 'unknown' : 'elsewhere', datagrams);
    if (this.#gones++ < GONE_PER_SECOND) this.#init.emit(path, encodeGone({ high, low }));
    return undefined;
  }

  /** Takes all that follow each other of one channel and one size at once. @returns where the next datagram begins */
  #onData(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    segment: number,
    end: number,
    path: Path,
    now: number,
  ): number {
    const runEnd = endOfRun(view, from, segment, end);
    const datagrams = Math.ceil((runEnd - from) / segment);
    const binding = this.#senderOf(view, from, path, datagrams);
    if (binding === undefined) return runEnd;
    binding.heardAt = now;
    const other = this.#bindings.opposite(binding);
    if (other === undefined || segment === RELAY_DATA_BYTES) this.#drop('alone', datagrams);
    else if (!this.#flows.hasRoom(binding.outbox, runEnd - from)) this.#drop('queue', datagrams);
    else if (this.#spend(binding, runEnd - from, datagrams, now)) {
      const { high, low } = other.init.channel;
      this.#flows.push(binding.outbox, bytes, from, runEnd, segment, (target, at) => {
        target.setUint8(at + 1, 0);
        target.setUint32(at + 4, high);
        target.setUint32(at + 8, low);
      });
      this.counters.datagrams += datagrams;
      this.counters.bytes += runEnd - from;
    }
    return runEnd;
  }

  #spend(binding: Binding, length: number, datagrams: number, now: number): boolean {
    const { account, pair, channel } = binding.init;
    const reason = this.#quotas.spend(account, pair, length);
    if (reason === undefined) return true;
    this.#drop('quota', datagrams);
    if (now >= binding.refusedAt + REFUSED_EVERY_MS) {
      binding.refusedAt = now;
      this.#refuse(binding.path, channel, reason);
    }
    return false;
  }

  #drop(why: Dropped, datagrams: number): void {
    this.counters.dropped[why] += datagrams;
  }

  /** What is to be sent on next, whose turn it is; undefined while nothing may go. */
  next(now: number): Onward | undefined {
    for (let served = this.#flows.next(now); served !== undefined; served = this.#flows.next(now)) {
      const other = this.#bindings.opposite(served.from);
      if (other !== undefined) return { path: other.path, piece: served.piece };
      this.#flows.release(served.piece);
    }
    return undefined;
  }

  /** What `next` gave has been sent: its memory serves for others. */
  release(piece: Piece): void {
    this.#flows.release(piece);
  }

  /** Whatever became due by `now`. */
  timeout(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_EVERY_MS;
    this.#gones = 0;
    this.#quotas.turn(this.#init.wall());
    for (const binding of this.#bindings.all()) {
      if (now >= binding.expiresAt || now >= binding.heardAt + RELAY_IDLE_MS) this.#forget(binding);
    }
    this.counters.bindings = this.#bindings.size;
  }

  #forget(binding: Binding): void {
    this.#flows.drop(binding.outbox);
    this.#bindings.remove(binding);
  }

  /** When to call `timeout`, or `next` again, at the latest. */
  nextTimeout(now: number): number {
    const sweep = this.#bindings.size > 0 ? this.#sweepAt : Number.POSITIVE_INFINITY;
    return Math.min(sweep, this.#flows.waiting ? Math.max(now, this.#flows.nextAt) : Number.POSITIVE_INFINITY);
  }
}

/** Where the Data that begin at `from`, on one channel and of one size, end: the last of them may be shorter. */
function endOfRun(view: DataView, from: number, segment: number, end: number): number {
  const [high, low] = [view.getUint32(from + 4), view.getUint32(from + 8)];
  for (let at = from + segment; ; at += segment) {
    const length = datagramLength(view, at, end);
    const isSame =
      length > RELAY_DATA_BYTES &&
      length <= segment &&
      view.getUint8(at) === TYPE.relayData &&
      view.getUint32(at + 4) === high &&
      view.getUint32(at + 8) === low;
    if (!isSame) return at;
    if (length < segment) return at + length;
  }
}
