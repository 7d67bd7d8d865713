import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { systemRandom } from '../../../src/base/random.js';
import {
  encodeInitial,
  INITIAL_PLAIN_BYTES,
  initialAssociated,
  NONCE_BYTES,
  TAG_BYTES,
} from '../../../src/wire/datagrams/handshake.js';
import { connectionId } from '../../../src/wire/datagrams/header.js';
import { TRANSFER_VERSION } from '../../../src/wire/limits.js';

/**
 * `flood HOST PORT CONNECTION-ID ADDRESS…`: 10,000 Initials a second from those addresses, with the right connection id and
 * nothing else that is right, until it is killed. Says how many it has sent.
 */

const PER_TICK = 50;
const TICK_MS = 5;

const [host, port, id, ...addresses] = process.argv.slice(2) as [string, string, string, ...string[]];
const sockets: Socket[] = [];
for (const address of addresses) {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(0, address);
  await once(socket, 'listening');
  sockets.push(socket);
}

const to = connectionId(Buffer.from(id, 'hex'));
const sealed = systemRandom.bytes(INITIAL_PLAIN_BYTES + TAG_BYTES);
const began = performance.now();
let sent = 0;
const send = (): void => {
  // As many as are due: a timer that comes late makes up for it.
  const due = Math.min((performance.now() - began) * (PER_TICK / TICK_MS) - sent, 20 * PER_TICK);
  for (let i = 0; i < due; i++) {
    const associated = initialAssociated(TRANSFER_VERSION, to, systemRandom.bytes(NONCE_BYTES));
    sockets[sent++ % sockets.length]!.send(encodeInitial(associated, null, sealed), Number(port), host, () => {});
  }
  if (sent % 1_000 < due) console.log(JSON.stringify({ event: 'sent', count: sent }));
};
setInterval(send, TICK_MS);
