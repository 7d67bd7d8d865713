import { once } from 'node:events';
import { connect as dialTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { type Random, randomBelow } from '../../src/base/random.js';
import { peerClientTls } from '../../src/crypto/tls.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { contentCodec } from '../../src/wire/content.js';
import { directoryMethods, enrolMethods } from '../../src/wire/directory.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { peerMethods } from '../../src/wire/peer-link.js';
import { type RpcMessage, rpcMessage } from '../../src/wire/rpc.js';
import { arbitraryOf } from '../support/arbitrary.js';
import { openEnrol } from '../support/directory-client.js';
import { HOSTILE } from '../support/hostile-text.js';
import { mutate } from '../support/mls-fuzz.js';
import type { Attack } from './attack.js';
import { altered, pick, times } from './chance.js';
import { brokenFrame } from './frames.js';
import type { Scene } from './scene.js';

/** What an account of the same directory can do: to a person's link port, to the directory, and inside conversations. */

const framed = (message: RpcMessage): Uint8Array => encodeFrame(rpcMessage.encode(message));
const hello = (): RpcMessage => ({
  ...{ t: 'q', i: 1, m: 'hello' },
  p: { versions: [1], agent: 'x', instance: new Uint8Array(16), crl: 0 },
});

/** Values of a schema, from the seed. */
function samples(schema: Parameters<typeof arbitraryOf>[0], random: Random, count: number): unknown[] {
  return fc.sample(arbitraryOf(schema), { numRuns: count, seed: randomBelow(random, 2 ** 31) });
}

/** A request as somebody would write it who does not ask whether it may be said. */
function asked(i: number, m: string, p: unknown): Uint8Array {
  try {
    return encodeFrame(encodeCbor({ t: 'q', i, m, p }));
  } catch {
    return framed({ t: 'q', i, m, p: {} });
  }
}

async function toBob(scene: Scene): Promise<TLSSocket> {
  const socket = connect({ ...peerClientTls(scene.mallory.tls), host: '127.0.0.1', port: await scene.bobsPort() });
  // Without somebody who reads it would never hear that the other side has closed.
  socket.on('error', () => {}).resume();
  await Promise.race([once(socket, 'secureConnect').catch(() => {}), over(socket)]);
  return socket;
}

async function greeted(scene: Scene): Promise<TLSSocket> {
  const socket = await toBob(scene);
  socket.write(framed(hello()));
  await Promise.race([once(socket, 'data').catch(() => {}), over(socket)]);
  return socket;
}

const over = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));

/** Says it all; resolves when it has left, or nobody takes it any more. */
const told = (socket: Socket, frames: readonly Uint8Array[]): Promise<void> =>
  new Promise((resolve) => socket.write(Buffer.concat(frames), () => resolve()));

const settled = (each: readonly Promise<unknown>[]): Promise<unknown> => Promise.allSettled(each);

export const FROM_A_PEER: readonly Attack[] = [
  {
    name: 'link-frames',
    ids: ['P5'],
    what: 'frames that are none, on a link, before and after hello',
    async run(scene, random) {
      for (let round = 0; round < 6; round++) {
        const socket = await (round % 2 === 0 ? toBob(scene) : greeted(scene));
        await told(socket, [brokenFrame(random)]);
        socket.end();
        await over(socket);
      }
    },
  },
  {
    name: 'link-requests',
    ids: ['P5', 'M2'],
    what: 'requests with whatever params, on a link',
    async run(scene, random) {
      const socket = await greeted(scene);
      let i = 1;
      for (const [method, { params }] of Object.entries(peerMethods)) {
        const frames = samples(params, random, 20).map((p) => asked(++i, method, altered(p, random, 10)));
        await told(socket, frames);
      }
      socket.end();
      await over(socket);
    },
  },
  {
    name: 'link-never-reads',
    ids: ['P8', 'N5'],
    what: 'asking and asking on a link, and never reading',
    async run(scene) {
      const socket = await greeted(scene);
      socket.pause();
      let i = 1;
      const ask = (): void => {
        if (socket.destroyed) return;
        // Nothing more is said than is heard: what waits in an attacker's own memory hurts nobody else.
        socket.write(Buffer.concat(times(100, () => framed({ t: 'q', i: ++i, m: 'crl.get', p: {} }))), () =>
          setImmediate(ask),
        );
      };
      ask();
      await over(socket);
    },
  },
  {
    name: 'link-slow-sockets',
    ids: ['P4'],
    what: 'sockets that say nothing, or half a hello',
    async run(scene, random) {
      const port = await scene.bobsPort();
      const sockets = times(200, () => dialTcp({ host: '127.0.0.1', port }).on('error', () => {}));
      for (const socket of sockets) if (randomBelow(random, 2) === 0) socket.write(random.bytes(40));
      await scene.check();
      for (const socket of sockets) socket.destroy();
      await settled(sockets.map(over));
    },
  },
  {
    name: 'link-typing',
    ids: ['P8'],
    what: 'ten thousand notices of typing on a link',
    async run(scene) {
      const socket = await greeted(scene);
      const notice = (at: number) => framed({ t: 'n', m: 'typing', p: { active: at % 2 === 0 } });
      for (let round = 0; round < 10 && !socket.destroyed; round++) await told(socket, times(1_000, notice));
      socket.end();
      await over(socket);
    },
  },
  {
    name: 'mail-mutations',
    ids: ['M2', 'M6'],
    what: 'sealed messages changed, cut and repeated, into a mailbox',
    async run(scene, random) {
      const { client } = scene.mallory;
      const [parcel] = await scene.mallory.sealed({ type: 'text', body: 'true', sentAt: Date.now() });
      const parcels = times(8, () => ({ ...parcel!, id: random.bytes(16), sealed: mutate(parcel!.sealed, random) }));
      await settled([
        client.request('mailbox.put', { parcels: [parcel!, parcel!] }),
        client.request('mailbox.put', { parcels: parcels.filter(({ sealed }) => sealed.length > 0) }),
        client.request('mailbox.put', { parcels: [{ ...parcel!, id: random.bytes(16) }] }),
      ]);
    },
  },
  {
    name: 'contents',
    ids: ['M2', 'T1', 'T2', 'N1'],
    what: 'contents of every kind with whatever in them, offers and calls among them',
    async run(scene, random) {
      const contents = samples(contentCodec.schema, random, 30) as object[];
      for (const content of contents) {
        try {
          await scene.mallory.say(altered(content, random, 12) as object);
        } catch {
          // What CBOR can't say, or the directory won't keep, is not an attack.
        }
      }
      await settled([scene.mallory.say({ type: 'text', body: HOSTILE, sentAt: Date.now() })]);
    },
  },
  {
    name: 'group-contents',
    ids: ['M2', 'T1', 'P8'],
    what: 'garbage, contents of every kind and signals in a room',
    async run(scene, random) {
      const inside = await scene.mallory.enter('lobby');
      const post = (content: unknown) => scene.mallory.post(inside, content as object);
      const signal = { type: 'typing', active: true, through: 5, at: Date.now(), pad: new Uint8Array(200) };
      await settled([
        ...samples(contentCodec.schema, random, 20).map(async (content) => post(altered(content, random, 12))),
        ...times(10, async () => scene.mallory.signal(inside, encodeCbor(altered(signal, random, 5)))),
        ...times(5, () =>
          scene.mallory.client.request('groups.post', {
            ...{ group: inside.group, id: random.bytes(16), epoch: inside.state.epoch },
            sealed: random.bytes(1 + randomBelow(random, 600)),
          }),
        ),
      ]);
    },
  },
  {
    name: 'directory-requests',
    ids: ['A9', 'P5', 'N6'],
    what: 'every request of a device, with whatever params',
    async run(scene, random) {
      const methods = Object.entries(directoryMethods).filter(([name]) => !ENDING.has(name));
      const { socket } = scene.mallory.client;
      let i = 1_000;
      for (const [method, { params }] of methods) {
        const frames = samples(params, random, 3).map((p) => asked(++i, method, altered(p, random, 12)));
        await told(socket, frames);
      }
      await scene.mallory.reopen();
    },
  },
  {
    name: 'directory-frames',
    ids: ['P5'],
    what: 'frames that are none, from a device and from nobody',
    async run(scene, random) {
      for (let round = 0; round < 4; round++) {
        const channel = await openEnrol(scene.link);
        await told(channel.socket, [brokenFrame(random)]);
        channel.socket.end();
        await channel.closed;
        await told(scene.mallory.client.socket, [brokenFrame(random)]);
        await scene.mallory.reopen();
      }
    },
  },
  {
    name: 'directory-flood',
    ids: ['P8', 'N6'],
    what: 'ten thousand requests, as fast as the socket takes them',
    async run(scene) {
      const { socket } = scene.mallory.client;
      const presence = { state: 'online', endpoints: [] };
      let i = 1_000;
      for (let round = 0; round < 100 && !socket.destroyed; round++) {
        await told(
          socket,
          times(100, () => framed({ t: 'q', i: ++i, m: 'presence.set', p: presence })),
        );
      }
      await scene.mallory.reopen();
    },
  },
  {
    name: 'enrolment',
    ids: ['A11', 'P5', 'A2'],
    what: 'registrations and logins with whatever params, broken off at any point',
    async run(scene, random) {
      for (let round = 0; round < 3; round++) {
        const channel = await openEnrol(scene.link);
        let i = 10;
        for (const [method, { params }] of Object.entries(enrolMethods)) {
          await told(
            channel.socket,
            samples(params, random, 2).map((p) => asked(++i, method, p)),
          );
        }
        channel.socket.end();
        await channel.closed;
      }
    },
  },
  {
    name: 'names',
    ids: ['T1', 'A8'],
    what: 'requests about names that are none',
    async run(scene, random) {
      const { client } = scene.mallory;
      const names = times(10, () =>
        pick(random, [HOSTILE, '', '..', '__proto__', 'bob\0', 'а́lice', random.bytes(9).toString()]),
      );
      await settled(
        names.flatMap((user) => [
          client.request('roster.get', { user, watch: true }),
          client.request('groups.find', { name: user }),
          client.request('direct.get', { user }),
        ]),
      );
    },
  },
];

/** What would end mallory's own account, and the attack with it. */
const ENDING = new Set(['hello', 'logout', 'account.delete', 'devices.revoke']);
