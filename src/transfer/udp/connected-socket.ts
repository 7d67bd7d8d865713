import type { HostAddress } from './endpoint.js';
import type { Libc, PollHandle } from './libc.js';
import { openSocket, sharePort } from './linux-socket.js';

/**
 * A second socket on the port of another, connected to one address: the kernel gives it what comes from there, and everything
 * else to the other. For a connected socket it remembers the route, and finds it by one look, which is a twentieth of what a
 * datagram costs.
 */
export class ConnectedSocket {
  /** Transfers that asked for it. */
  users = 0;
  onReadable: () => void = () => {};
  readonly #libc: Libc;
  readonly #poll: PollHandle;
  #closed: Promise<void> | undefined;

  /**
   * @param main the socket whose port it is to share
   * @returns null where there can be none: no descriptors left, a kernel that shares no ports
   */
  static open(libc: Libc, main: number, address: HostAddress, from: Uint8Array): ConnectedSocket | null {
    sharePort(libc, main, true);
    try {
      const fd = openSocket(libc, address, true);
      if (libc.connect(fd, from, from.length) === 0) return new ConnectedSocket(libc, fd);
      libc.close(fd);
      return null;
    } catch {
      return null;
    } finally {
      sharePort(libc, main, false);
    }
  }

  private constructor(
    libc: Libc,
    readonly fd: number,
  ) {
    this.#libc = libc;
    this.#poll = libc.poll(fd);
  }

  watch(on: boolean): void {
    if (this.#closed === undefined) this.#poll.start({ readable: on, writable: false }, () => this.onReadable());
  }

  /** @param last takes in what has come to it, right before it is closed */
  close(last: () => void = () => {}): Promise<void> {
    this.#closed ??= this.#release(last);
    return this.#closed;
  }

  async #release(last: () => void): Promise<void> {
    this.#poll.close();
    // The event loop has let go of the descriptor before it is closed.
    await new Promise(setImmediate);
    last();
    this.#libc.close(this.fd);
  }
}
