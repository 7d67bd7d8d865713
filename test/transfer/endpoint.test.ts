import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openDgram } from '../../src/transfer/udp/dgram-endpoint.js';
import type { Endpoint, HostAddress } from '../../src/transfer/udp/endpoint.js';
import { openBatch } from '../../src/transfer/udp/gso-endpoint.js';
import { loadLibc } from '../../src/transfer/udp/libc.js';
import { datagramLength, viewOf, writeCommon } from '../../src/wire/datagrams/header.js';

/** What every endpoint has to keep, whichever way it sends. */

const KINDS: readonly [name: string, open: (address: HostAddress) => Promise<Endpoint> | Endpoint][] = [
  ['dgram', openDgram],
  ['batch', (address) => openBatch(loadLibc()!, address)],
];

function datagram(length: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(mark);
  writeCommon(viewOf(bytes), 6, 0, length, { high: mark, low: mark });
  return bytes;
}

/** Resolves when `count` datagrams have come, cut apart as transfers do. */
function collect(endpoint: Endpoint, count: number): Promise<{ bytes: Uint8Array; from: string }[]> {
  const out: { bytes: Uint8Array; from: string }[] = [];
  return new Promise((resolve) => {
    endpoint.onDatagrams = (bytes, view, at, length, path) => {
      for (let from = at; from < at + length; ) {
        const one = datagramLength(view, from, at + length);
        assert.ok(one > 0, 'joined datagrams can be cut apart');
        out.push({ bytes: bytes.slice(from, from + one), from: path.key });
        from += one;
      }
      if (out.length >= count) resolve(out);
    };
  });
}

/** Whether this machine has a UDP socket on `port` which is connected to `to` (proc(5), net/udp). */
function hasConnectedSocket(port: number, to: number): boolean {
  const ends = [port, to].map((number) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`);
  const lines = ['udp', 'udp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'));
  return lines.some((line) => {
    const [, local = '', remote = ''] = line.trim().split(/\s+/);
    return local.endsWith(ends[0]!) && remote.endsWith(ends[1]!);
  });
}

for (const [name, open] of KINDS) {
  const skip = name === 'batch' && loadLibc() === null ? 'no koffi, or not Linux' : false;
  for (const host of ['127.0.0.1', '::1']) {
    test(`${name} on ${host}: trains and single datagrams arrive as they were sent`, { skip }, async () => {
      const a = await open({ host, port: 0 });
      const b = await open({ host, port: 0 });
      const arrived = collect(b, 12);
      const { train } = a;
      train.segment = 1_200;
      train.length = 0;
      for (let i = 0; i < 11; i++) {
        const one = datagram(i === 10 ? 333 : 1_200, i);
        train.bytes.set(one, train.length);
        train.length += one.length;
      }
      const path = a.path(b.address);
      assert.equal(a.send(path, train), 'sent');
      assert.equal(a.sendOne(path, datagram(40, 99)), 'sent');
      const got = await arrived;
      assert.deepEqual(
        got.map(({ bytes }) => bytes.at(-1)).sort((x, y) => x! - y!),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99],
      );
      assert.equal(got.find(({ bytes }) => bytes.at(-1) === 10)?.bytes.length, 333);
      assert.ok(got.every(({ from }) => from === `${host} ${a.address.port}`));
      await Promise.all([a.close(), b.close()]);
    });

    test(`${name} on ${host}: a datagram of 65,488 bytes arrives`, { skip }, async () => {
      const a = await open({ host, port: 0 });
      const b = await open({ host, port: 0 });
      const arrived = collect(b, 1);
      a.sendOne(a.path(b.address), datagram(65_488, 7));
      assert.equal((await arrived)[0]!.bytes.length, 65_488);
      await Promise.all([a.close(), b.close()]);
    });
  }

  for (const [host, bound] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['::1', '::1'],
    ['::1', '::'],
  ] as const) {
    test(`${name} on ${bound}: who is favoured and who is not arrive with their addresses, before and after`, {
      skip,
    }, async () => {
      const [one, other, b] = [
        await open({ host, port: 0 }),
        await open({ host, port: 0 }),
        await open({ host: bound, port: 0 }),
      ];
      const { address } = b;
      const to = { host, port: address.port };
      const bothSend = async (): Promise<void> => {
        const arrived = collect(b, 2);
        one.sendOne(one.path(to), datagram(40, 1));
        other.sendOne(other.path(to), datagram(40, 2));
        const from = new Map((await arrived).map(({ bytes, from: sender }) => [bytes.at(-1), sender]));
        assert.equal(from.get(1), `${host} ${one.address.port}`);
        assert.equal(from.get(2), `${host} ${other.address.port}`);
      };
      const path = b.path(one.address);
      const ends = [b.favour(path), b.favour(path)];
      await bothSend();
      if (name === 'batch') assert.ok(hasConnectedSocket(address.port, one.address.port), 'it has a socket of its own');
      assert.equal(b.sendOne(path, datagram(40, 3)), 'sent');
      ends[0]!();
      await bothSend();
      ends[1]!();
      await bothSend();
      const last = b.favour(path);
      await bothSend();
      await assert.rejects(async () => open(address), { code: 'address-in-use' });
      await Promise.all([one.close(), other.close(), b.close()]);
      last();
      await (await open(address)).close();
    });
  }

  test(`${name}: the same address is the same path, and loopback carries large datagrams`, { skip }, async () => {
    const a = await open({ host: '127.0.0.1', port: 0 });
    const path = a.path({ host: '127.0.0.1', port: 9 });
    assert.equal(a.path({ host: '127.0.0.1', port: 9 }), path);
    assert.notEqual(a.path({ host: '127.0.0.1', port: 10 }), path);
    assert.equal(path.maxDatagram, 65_488);
    await a.close();
  });

  test(`${name}: a port that is taken is said so`, { skip }, async () => {
    const a = await open({ host: '127.0.0.1', port: 0 });
    await assert.rejects(async () => open(a.address), { code: 'address-in-use' });
    await a.close();
  });

  test(`${name}: nothing happens after close, and closing twice is harmless`, { skip }, async () => {
    const a = await open({ host: '127.0.0.1', port: 0 });
    const path = a.path({ host: '127.0.0.1', port: 9 });
    await a.close();
    a.sendOne(path, datagram(40, 1));
    a.drain();
    await a.close();
  });
}
