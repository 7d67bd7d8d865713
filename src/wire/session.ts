import type { Cancel, Clock } from '../base/clock.js';
import { Failure } from '../base/errors.js';
import { encodeFrame, FrameDecoder } from './frame.js';
import { FRAME_BYTES, HELLO_FRAME_BYTES, REQUEST_TIMEOUT_MS, REQUESTS_IN_FLIGHT } from './limits.js';
import {
  type MethodName,
  type MethodTable,
  type Notice,
  type NoticeName,
  type NoticeTable,
  type Params,
  type Result,
  type RpcMessage,
  rpcMessage,
  toWireError,
} from './rpc.js';
import { assertSayable, parse } from './schema.js';

export interface SessionInit<Serves extends MethodTable, Hears extends NoticeTable, Calls extends MethodTable> {
  readonly clock: Clock;
  /** Hands bytes to the transport. */
  send(frame: Uint8Array): void;
  /** What the other side may ask of us. */
  readonly serves: Serves;
  /** What the other side may tell us. */
  readonly hears: Hears;
  /** What we may ask of the other side. */
  readonly calls: Calls;
  /** Called in order of arrival; answers may overtake each other. */
  serve(method: MethodName<Serves>, params: never): Promise<unknown>;
  hear(notice: NoticeName<Hears>, params: never): void;
  /** A ping was answered: the round trip in ms, the other side's queue included. */
  onRtt?(rtt: number): void;
  readonly requestTimeout?: number;
}

interface Pending {
  readonly method: string;
  resolve(result: unknown): void;
  reject(error: Failure): void;
  readonly cancelTimeout: Cancel;
}

/**
 * One end of a channel: requests, answers and notices over frames. It owns no socket and no timer but its clock's.
 * `receive` throws on what no honest peer sends; the owner must close the channel then.
 */
export class Session<
  Serves extends MethodTable,
  Hears extends NoticeTable,
  Calls extends MethodTable,
  Tells extends NoticeTable,
> {
  readonly #init: SessionInit<Serves, Hears, Calls>;
  readonly #decoder = new FrameDecoder(HELLO_FRAME_BYTES);
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #lastServed = 0;
  #serving = 0;
  #closed: Failure | undefined;
  /** When the ping left that is not answered yet. */
  #pingedAt: number | undefined;
  /** Monotonic time at which the other side was last heard. */
  heardAt: number;

  constructor(init: SessionInit<Serves, Hears, Calls>) {
    this.#init = init;
    this.heardAt = init.clock.monotonic();
  }

  /** Both sides have said hello: frames may have their full size now. */
  open(): void {
    this.#decoder.allow(FRAME_BYTES);
  }

  /** Takes in what has come, all of it. @throws as `take` */
  receive(chunk: Uint8Array): void {
    this.hold(chunk);
    while (this.take() !== undefined);
  }

  /** Keeps what has come until it is taken. */
  hold(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.heardAt = this.#init.clock.monotonic();
    this.#decoder.hold(chunk);
  }

  /**
   * Takes in one message of those held.
   * @returns its bytes; undefined where none has come whole
   * @throws Failure of reason 'protocol' or 'limit'
   */
  take(): number | undefined {
    if (this.#closed) return undefined;
    const payload = this.#decoder.next();
    if (payload === undefined) return undefined;
    this.#take(rpcMessage.decode(payload));
    return payload.length;
  }

  request<M extends MethodName<Calls>>(method: M, params: Params<Calls, M>): Promise<Result<Calls, M>> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#lastId + 1;
    let frame: Uint8Array;
    try {
      frame = encodeFrame(rpcMessage.encode({ t: 'q', i: id, m: method, p: params }));
    } catch (error) {
      return Promise.reject(error);
    }
    this.#lastId = id;
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.#init.clock.after(this.#init.requestTimeout ?? REQUEST_TIMEOUT_MS, () => {
        this.#pending.delete(id);
        reject(timedOut(method));
      });
      this.#pending.set(id, { method, resolve: resolve as (result: unknown) => void, reject, cancelTimeout });
      this.#init.send(frame);
    });
  }

  /** Something that was asked for is not answered yet. */
  get isAwaiting(): boolean {
    return this.#pending.size > 0;
  }

  notify<N extends NoticeName<Tells>>(notice: N, params: Notice<Tells, N>): void {
    if (!this.#closed) this.#send({ t: 'n', m: notice, p: params });
  }

  /** A notice which `encodeNotice` has made, for many at once. */
  notifyEncoded(frame: Uint8Array): void {
    if (!this.#closed) this.#init.send(frame);
  }

  /** Asks for a sign of life; `heardAt` tells whether one came. */
  ping(): void {
    if (this.#closed) return;
    this.#pingedAt ??= this.#init.clock.monotonic();
    this.#send({ t: 'ping' });
  }

  /** Every request without an answer fails with `why`. Idempotent. */
  close(why: Failure): void {
    if (this.#closed) return;
    this.#closed = why;
    for (const pending of this.#pending.values()) {
      pending.cancelTimeout();
      pending.reject(why);
    }
    this.#pending.clear();
  }

  #send(message: RpcMessage): void {
    this.#init.send(encodeFrame(rpcMessage.encode(message)));
  }

  #take(message: RpcMessage): void {
    if (message.t === 'q') this.#serve(message);
    else if (message.t === 'a') this.#settle(message);
    else if (message.t === 'n') this.#hear(message);
    else if (message.t === 'pong') this.#ponged();
    else if (!this.#closed) this.#send({ t: 'pong' });
  }

  #ponged(): void {
    if (this.#pingedAt === undefined) return;
    const rtt = this.#init.clock.monotonic() - this.#pingedAt;
    this.#pingedAt = undefined;
    this.#init.onRtt?.(rtt);
  }

  #serve({ i, m, p }: Extract<RpcMessage, { t: 'q' }>): void {
    if (i <= this.#lastServed) throw new Failure('request-repeated');
    this.#lastServed = i;
    if (this.#serving >= REQUESTS_IN_FLIGHT) {
      throw new Failure('requests-in-flight', `more than ${REQUESTS_IN_FLIGHT} requests without an answer`);
    }
    this.#serving++;
    void this.#answer(i, m, p).then((answer) => {
      this.#serving--;
      if (!this.#closed) this.#init.send(answer);
    });
  }

  /** An answer that the other side could not read is a failure that it can. */
  async #answer(i: number, m: string, p: unknown): Promise<Uint8Array> {
    try {
      const known = Object.hasOwn(this.#init.serves, m) ? this.#init.serves[m] : undefined;
      if (known === undefined) throw unknownMethod(m);
      const r = await this.#init.serve(m as MethodName<Serves>, parse(known.params, p) as never);
      assertSayable(known.result, r);
      return encodeFrame(rpcMessage.encode({ t: 'a', i, r }));
    } catch (error) {
      return encodeFrame(rpcMessage.encode({ t: 'a', i, e: toWireError(error) }));
    }
  }

  #settle({ i, r, e }: Extract<RpcMessage, { t: 'a' }>): void {
    const pending = this.#pending.get(i);
    // The answer to a request that has timed out here is late, not wrong.
    if (pending === undefined) return;
    this.#pending.delete(i);
    pending.cancelTimeout();
    if (e !== undefined) pending.reject(Failure.from(e));
    else {
      try {
        pending.resolve(parse(this.#init.calls[pending.method]!.result, r));
      } catch (error) {
        pending.reject(error as Failure);
      }
    }
  }

  #hear({ m, p }: Extract<RpcMessage, { t: 'n' }>): void {
    // A newer program may tell us of things we don't know: they are not for us.
    if (!Object.hasOwn(this.#init.hears, m)) return;
    this.#init.hear(m, parse(this.#init.hears[m]!, p) as never);
  }
}

/** A notice as it stands on the channel. */
export const encodeNotice = <T extends NoticeTable, N extends NoticeName<T>>(
  notice: N,
  params: Notice<T, N>,
): Uint8Array => encodeFrame(rpcMessage.encode({ t: 'n', m: notice, p: params }));

const timedOut = (method: string): Failure => new Failure('request-timeout', `no answer to '${method}' in time`);

const unknownMethod = (method: string): Failure => new Failure('method-unknown', `'${method}' is not known here`);
