import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { peerClientTls } from '../../src/crypto/tls.js';
import { rosterCodec } from '../../src/wire/directory.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { type RpcMessage, rpcMessage } from '../../src/wire/rpc.js';
import { register, signIn } from '../support/directory-client.js';
import { isMessage, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

const framed = (message: RpcMessage): Uint8Array => encodeFrame(rpcMessage.encode(message));

test('P8 N5 a stranger who asks and asks on a link and never reads is cut off, and the person notices nothing', async () => {
  const alice = await stage.registered('alice');
  const bob = await stage.registered('bob');
  const listening = await alice.listen();
  const mallory = await register(stage.link, 'mallory');
  const client = await signIn(stage.link, mallory);
  const { roster } = await client.request('roster.get', { user: 'alice', watch: false });
  const [endpoint] = rosterCodec.decode(roster).devices[0]!.endpoints!;
  const socket = connect({ ...peerClientTls(mallory.tls), host: '127.0.0.1', port: endpoint!.port });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.on('error', () => {});
  socket.write(
    framed({ t: 'q', i: 1, m: 'hello', p: { versions: [1], agent: 'x', instance: new Uint8Array(16), crl: 0 } }),
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  let asked = 1;
  const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const ask = (): void => {
    if (socket.destroyed) return;
    const batch = Array.from({ length: 100 }, () => framed({ t: 'q', i: ++asked, m: 'crl.get', p: {} }));
    // Nothing more is said than is heard: what an attacker keeps waiting in its own memory hurts nobody else.
    socket.write(Buffer.concat(batch), () => setImmediate(ask));
  };
  ask();
  await cut;
  assert.ok(asked > 1_000);
  await client.close();
  await bob.run(['send', 'alice', 'still there?']);
  await listening.event(isMessage('still there?'));
});
