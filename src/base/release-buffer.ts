import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Gives memory back at once instead of when the garbage collector gets to it. `node:crypto` puts each result into memory of
 * its own: at some thousand blocks of 256 KB a second, collections, and pages that the kernel has to clear anew, cost more
 * than the encryption itself.
 */

let nowhere: MessagePort | undefined;

/** Nothing may use `bytes`, or anything else in the same memory, afterwards: they have no length any more. */
export function releaseBuffer(bytes: Uint8Array): void {
  // What is transferred to a port without another side is gone with the message (HTML, "message port post message steps").
  if (nowhere === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    nowhere = port1;
  }
  nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
