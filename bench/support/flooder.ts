/**
 * One who is logged in and sends as fast as the socket takes it, hearing nothing: `flooder LINK DEVICE`, the device as JSON.
 * Tells now and then how many requests have left.
 */
import { encodeFrame } from '../../src/wire/frame.js';
import { rpcMessage } from '../../src/wire/rpc.js';
import { dialDevice, helloParams } from '../../test/support/directory-client.js';
import { tlsOf } from './remote-directory.js';

const BLOCK = 500;
const [link, device, group] = process.argv.slice(2) as [string, string, string];
const client = await dialDevice(link, tlsOf(JSON.parse(device)));
await client.request('hello', helloParams());
client.socket.removeAllListeners('data');
client.socket.resume();
process.on('disconnect', () => process.exit());
process.send!({ ready: true });

let next = 2;
const block = (): Buffer =>
  Buffer.concat(
    Array.from({ length: BLOCK }, () =>
      encodeFrame(
        rpcMessage.encode({
          ...{ t: 'q', i: next++, m: 'groups.post' },
          p: { group: Buffer.from(group, 'hex'), id: Buffer.alloc(16, next), epoch: 0, sealed: Buffer.alloc(100) },
        }),
      ),
    ),
  );

function flood(): void {
  while (client.socket.write(block())) {}
  process.send!({ sent: next });
  client.socket.once('drain', flood);
}
client.socket.on('close', () => process.exit());
flood();
