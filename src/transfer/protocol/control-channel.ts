import {
  CONTROL_HEADER_BYTES,
  controlCounter,
  controlHeader,
  decodeFrames,
  type Frame,
  type FrameWriter,
} from '../../wire/datagrams/control.js';
import { TAG_BYTES } from '../../wire/datagrams/handshake.js';
import type { ConnectionId } from '../../wire/datagrams/header.js';
import { controlNonce, open, seal } from './keys.js';

/** Which counters were seen: RFC 4303 §3.4.3, 32 wide. */
export class ReplayWindow {
  #highest = -1;
  #seen = 0;

  /** Says whether the counter is new, and keeps it. */
  accept(counter: number): boolean {
    const ahead = counter - this.#highest;
    if (ahead > 0) {
      this.#seen = ahead >= 32 ? 1 : (this.#seen << ahead) | 1;
      this.#highest = counter;
      return true;
    }
    if (ahead <= -32) return false;
    const bit = 1 << -ahead;
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }

  isNewest(counter: number): boolean {
    return counter === this.#highest;
  }
}

export interface OpenedControl {
  readonly frames: readonly Frame[];
  /**
   * Nothing newer has been seen: the address it came from is where the other side is now. Not where it only looks whether a
   * path carries (RFC 9000 §9.1): a challenge or its answer alone moves nobody.
   */
  readonly newest: boolean;
}

const isProbing = (frames: readonly Frame[]): boolean =>
  frames.length > 0 && frames.every(({ type }) => type === 'challenge' || type === 'response');

/** Seals and opens the control packets of a session. */
export class ControlChannel {
  readonly #sendKey: Uint8Array;
  readonly #receiveKey: Uint8Array;
  readonly #to: ConnectionId;
  readonly #window = new ReplayWindow();
  #counter: number;

  /** @param firstCounter 1 where the Accept has used 0 */
  constructor(sendKey: Uint8Array, receiveKey: Uint8Array, to: ConnectionId, firstCounter: number) {
    this.#sendKey = sendKey;
    this.#receiveKey = receiveKey;
    this.#to = to;
    this.#counter = firstCounter;
  }

  seal(frames: FrameWriter): Uint8Array {
    const plain = frames.finish();
    const counter = this.#counter++;
    const header = controlHeader(this.#to, counter, plain.length);
    const sealed = seal(this.#sendKey, controlNonce(counter), header, plain);
    const datagram = new Uint8Array(header.length + sealed.length);
    datagram.set(header);
    datagram.set(sealed, header.length);
    return datagram;
  }

  /** @returns null for what was not sealed by the other side, or was seen before; throws Failure 'malformed' */
  open(datagram: Uint8Array): OpenedControl | null {
    if (datagram.length < CONTROL_HEADER_BYTES + TAG_BYTES) return null;
    const counter = controlCounter(datagram);
    const header = datagram.subarray(0, CONTROL_HEADER_BYTES);
    const plain = open(this.#receiveKey, controlNonce(counter), header, datagram.subarray(CONTROL_HEADER_BYTES));
    if (plain === null || !this.#window.accept(counter)) return null;
    const frames = decodeFrames(plain);
    return { frames, newest: this.#window.isNewest(counter) && !isProbing(frames) };
  }
}
