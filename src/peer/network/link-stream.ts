import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { encodeFrame, FrameDecoder } from '../../wire/frame.js';
import { HANDSHAKE_TIMEOUT_MS, HELLO_FRAME_BYTES } from '../../wire/limits.js';
import { streamHello } from '../../wire/peer-link.js';

/** The beginning of a transfer's own connection: one frame says what it is for, an empty one that it is taken. */

/** On whose side dialled. @returns the connection, from which the transfer's bytes come. @throws Failure unreachable */
export async function greetStream(clock: Clock, socket: TLSSocket, transfer: Uint8Array): Promise<TLSSocket> {
  socket.setNoDelay(true);
  socket.write(encodeFrame(streamHello.encode({ transfer })));
  await firstFrame(clock, socket);
  return socket;
}

/** On the other. `take` says whether this device has a part in the transfer, and is called before the answer leaves. */
export async function takeStream(
  clock: Clock,
  socket: TLSSocket,
  take: (transfer: Uint8Array) => boolean,
): Promise<void> {
  socket.setNoDelay(true);
  const { transfer } = streamHello.decode(await firstFrame(clock, socket));
  socket.write(encodeFrame(new Uint8Array(0)));
  if (!take(transfer)) socket.destroy();
}

/** What follows it is left for whoever reads next. */
function firstFrame(clock: Clock, socket: TLSSocket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const frames = new FrameDecoder(HELLO_FRAME_BYTES);
    const finish = (settle: () => void): void => {
      cancel();
      socket.pause();
      socket.off('data', onData).off('close', onClose);
      settle();
    };
    const fail = (error: unknown): void => {
      finish(() => reject(error));
      socket.destroy();
    };
    const onClose = (): void => fail(new Failure('stream-refused'));
    const onData = (chunk: Buffer): void => {
      try {
        const frame = frames.push(chunk).next();
        if (frame.done === true) return;
        finish(() => resolve(frame.value));
        const rest = frames.rest();
        if (rest.length > 0) socket.unshift(rest);
      } catch (error) {
        fail(error);
      }
    };
    const cancel = clock.after(HANDSHAKE_TIMEOUT_MS, onClose);
    socket.on('error', () => {});
    socket.on('data', onData).on('close', onClose);
  });
}
