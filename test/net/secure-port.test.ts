import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { ALPN_ENROL } from '../../src/wire/directory.js';
import { parseLink } from '../../src/wire/link.js';
import { answerTo, clientHello, X25519 } from '../support/client-hello.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { register, signIn } from '../support/directory-client.js';

const HELLO = clientHello({
  ...{ versions: [0x0304], suites: [0x1301], groups: [X25519], signatures: [0x0807] },
  ...{ shares: [X25519], alpn: ALPN_ENROL },
});

test('N17 silent sockets from many addresses, as many as there is room for, keep no honest device out', async (t) => {
  const limits = { strangers: 48, strangersPerAddress: 8, helloDeadline: 600_000 };
  const { link } = await testDirectory(t, { limits });
  const { port } = parseLink(link);
  const silent: Socket[] = [];
  afterwards(t, () => silent.map((socket) => socket.destroy()));
  for (let at = 0; at < 80; at++) {
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.9.${1 + (at % 10)}` });
    socket.on('error', () => {});
    silent.push(socket);
    await once(socket, 'connect');
  }
  for (const user of ['alice', 'bob', 'carol']) {
    const client = await signIn(link, await register(link, user));
    await client.close();
  }
});

test('P4 while one address sends hello upon hello, what comes from others is answered', async (t) => {
  const pace = { burst: 4, perSecond: 0.01 };
  const { link } = await testDirectory(t, { limits: { handshakesPerAddress: pace, helloDeadline: 600_000 } });
  const { port } = parseLink(link);
  const flood: Socket[] = [];
  afterwards(t, () => flood.map((socket) => socket.destroy()));
  let answered = 0;
  const paid = new Promise<void>((resolve) => {
    for (let at = 0; at < 200; at++) {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.9.1' }, () => socket.write(HELLO));
      socket.on('error', () => {});
      socket.once('data', () => ++answered === pace.burst && resolve());
      flood.push(socket);
    }
  });
  await paid;
  assert.equal(await answerTo(port, HELLO), 'goes on');
  const client = await signIn(link, await register(link, 'alice'));
  await client.close();
  assert.equal(answered, pace.burst, 'the rest of the flood waits');
});

test('P4 a hello that comes in pieces is answered as one', async (t) => {
  const { link } = await testDirectory(t);
  const { port } = parseLink(link);
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  afterwards(t, () => socket.destroy());
  for (let at = 0; at < HELLO.length; at += 50) {
    await new Promise<void>((resolve) => socket.write(HELLO.subarray(at, at + 50), () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [answer] = await once(socket, 'data');
  assert.equal(answer[0], 22);
});
