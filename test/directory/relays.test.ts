import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { runLine } from '../../src/directory/console/console.js';
import { RelayClient } from '../../src/transfer/protocol/relay-client.js';
import { decodeEchoResponse, encodeEchoRequest } from '../../src/wire/datagrams/echo.js';
import { TYPE } from '../../src/wire/datagrams/header.js';
import { RELAY_DATA_BYTES } from '../../src/wire/datagrams/relay.js';
import type { RelayGrant } from '../../src/wire/relay.js';
import { afterwards, temporaryFolder, testDirectory } from '../support/directory.js';
import { register, signIn } from '../support/directory-client.js';
import { Workshop } from '../support/processes.js';
import { errorCode } from '../support/stage.js';

/** Relays as they run, in a thread or as a process, on their sockets, with tokens that a directory has signed. */

/** A device at a relay, on a socket of its own. */
async function meet(grant: RelayGrant, seed: Uint8Array): Promise<{ client: RelayClient; socket: Socket }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let settle: (state: string) => void = () => {};
  const settled = new Promise<string>((resolve) => {
    settle = resolve;
  });
  const client: RelayClient = new RelayClient(
    {
      access: { ...grant, seed },
      carrier: { key: `127.0.0.1 ${grant.port}`, maxDatagram: 1_472, stream: false },
      lane: 0,
      random: systemRandom,
      emit: (_path, datagram) => socket.send(datagram, grant.port, '127.0.0.1'),
      onState: (state) => settle(state),
    },
    performance.now(),
  );
  socket.on('message', (datagram) => {
    if (datagram[0] !== TYPE.relayData) client.receive(datagram, performance.now());
  });
  client.timeout(performance.now());
  assert.equal(await settled, 'bound');
  return { client, socket };
}

const keyIn = (line: string): string => line.split('#')[1]!;
const coded = (code: string) => ({ code });

test('two devices of a directory get tokens for its relay, and pass datagrams by it; so by one that is registered', async (t) => {
  const directory = await testDirectory(t, { relay: {} });
  const [ada, bob] = await Promise.all([register(directory.link, 'ada'), register(directory.link, 'bob')]);
  const [atAda, atBob] = await Promise.all([signIn(directory.link, ada), signIn(directory.link, bob)]);
  const workshop = new Workshop();
  afterwards(t, () => workshop.close());
  const start = async () => {
    const words = ['relay', 'start', '--listen', '127.0.0.1:0', '--directory', directory.link, '--json'];
    const running = workshop.start(words, { home: workshop.folder });
    return { running, line: String((await running.event(({ event }) => event === 'ready')).relay) };
  };
  const other = await start();
  await runLine(directory, `relay add ${other.line}`);
  const keys = [SigningKey.generate(systemRandom), SigningKey.generate(systemRandom)] as const;
  const [forAda, forBob] = await Promise.all([
    atAda.request('relay.token', { user: 'bob', device: bob.device, key: keys[0].publicKey }),
    atBob.request('relay.token', { user: 'ada', device: ada.device, key: keys[1].publicKey }),
  ]);
  assert.deepEqual(
    forAda.relays.map(({ port }) => port),
    forBob.relays.map(({ port }) => port),
  );
  assert.equal(forAda.relays.length, 2);
  for (const at of [0, 1]) {
    const [one, two] = [await meet(forAda.relays[at]!, keys[0].seed()), await meet(forBob.relays[at]!, keys[1].seed())];
    const came = once(two.socket, 'message') as Promise<[Buffer]>;
    one.socket.send(one.client.wrap(Buffer.from('hello'))!, forAda.relays[at]!.port, '127.0.0.1');
    assert.equal((await came)[0].subarray(RELAY_DATA_BYTES).toString(), 'hello');
    one.socket.close();
    two.socket.close();
  }
  assert.equal((await runLine(directory, 'relay')).length, 2);
  const words = ['relay', 'start', '--directory', directory.link, '--name', 'relay.example.org:4001', '--json'];
  assert.equal(errorCode(await workshop.run(words, { home: workshop.folder })), 'relay-invalid');
  const { status, stderr } = await other.running.kill();
  assert.deepEqual([status, stderr], [0, '']);
  const again = await start();
  assert.equal(keyIn(again.line), keyIn(other.line), 'its key is that of its folder');
  await runLine(directory, `relay remove ${other.line}`);
  await assert.rejects(runLine(directory, `relay remove ${other.line}`), coded('argument-invalid'));
  await assert.rejects(runLine(directory, 'relay add somewhere'), coded('relay-invalid'));
  const left = await atAda.request('relay.token', { user: 'bob', device: bob.device, key: keys[0].publicKey });
  assert.equal(left.relays.length, 1);
  await assert.rejects(
    atAda.request('relay.token', { user: 'bob', device: '0000000000000000', key: keys[0].publicKey }),
    coded('device-unknown'),
  );
});

test('the port of the relay says, too, where datagrams come from', async (t) => {
  const directory = await testDirectory(t, { relay: {} });
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  afterwards(t, () => socket.close());
  await once(socket, 'listening');
  const token = systemRandom.bytes(8);
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(encodeEchoRequest(token), directory.port, '127.0.0.1');
  assert.equal(decodeEchoResponse((await answer)[0], token).port, socket.address().port);
});

test('registered relays are there after a restart, and no more than a device is told of', async (t) => {
  const data = await temporaryFolder(t);
  const options = { data, store: 'level' } as const;
  const line = (port: number): string =>
    `p2pchat-relay://192.0.2.1:${port}#${Buffer.from(systemRandom.bytes(32)).toString('base64url')}`;
  const first = await testDirectory(t, options);
  for (let i = 0; i < 16; i++) await runLine(first, `relay add ${line(4_000 + i)}`);
  await assert.rejects(runLine(first, `relay add ${line(5_000)}`), coded('relays-many'));
  await first.close();
  const second = await testDirectory(t, options);
  assert.equal(second.site.core.relays.named.length, 16);
});
