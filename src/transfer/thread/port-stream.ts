import type { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../base/clock.js';
import { Outlet } from '../../net/outlet.js';
import type { Stream } from '../udp/stream-path.js';

/** A stream of one thread, used in another: pieces go over a port, and each is acknowledged so that neither runs ahead. */

type Piece = { readonly bytes: Uint8Array } | { readonly taken: number } | { readonly end: true };

/** Unacknowledged bytes on the port. */
const AHEAD_BYTES = 2 << 20;

/** In the thread that has the stream. Ends the stream when the other thread does, and the other way round. */
export function lendStream(stream: Duplex, port: MessagePort): void {
  let ahead = 0;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    stream.destroy();
    port.postMessage({ end: true } satisfies Piece);
    port.close();
  };
  const outlet = new Outlet('transfer stream', { clock: systemClock, socket: stream, onStuck: end });
  stream.on('data', (chunk: Uint8Array) => {
    const bytes = chunk.slice();
    port.postMessage({ bytes } satisfies Piece, [bytes.buffer as ArrayBuffer]);
    ahead += bytes.length;
    if (ahead > AHEAD_BYTES) stream.pause();
  });
  stream.on('close', end);
  stream.on('error', end);
  port.on('message', (piece: Piece) => {
    if ('end' in piece) return end();
    if ('taken' in piece) {
      ahead -= piece.taken;
      if (ahead <= AHEAD_BYTES && stream.isPaused()) stream.resume();
      return;
    }
    const { length } = piece.bytes;
    outlet.write(piece.bytes, () => {
      if (!over) port.postMessage({ taken: length } satisfies Piece);
    });
  });
}

/** In the thread that uses it. */
export function borrowStream(port: MessagePort): Stream {
  let ahead = 0;
  let waiting = false;
  const stream: Stream = {
    onData: () => {},
    onDrain: () => {},
    onClose: () => {},
    write(bytes) {
      ahead += bytes.length;
      port.postMessage({ bytes } satisfies Piece, [bytes.buffer as ArrayBuffer]);
      waiting = ahead > AHEAD_BYTES;
      return !waiting;
    },
    close() {
      port.postMessage({ end: true } satisfies Piece);
      port.close();
    },
  };
  port.on('message', (piece: Piece) => {
    if ('bytes' in piece) {
      port.postMessage({ taken: piece.bytes.length } satisfies Piece);
      stream.onData(piece.bytes);
    } else if ('taken' in piece) {
      ahead -= piece.taken;
      if (!waiting || ahead > AHEAD_BYTES / 2) return;
      waiting = false;
      stream.onDrain();
    } else {
      stream.onClose();
    }
  });
  port.on('close', () => stream.onClose());
  return stream;
}
