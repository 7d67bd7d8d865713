import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** ClientHellos of TLS 1.3 (RFC 8446 §4.1.2) made and read by hand, so that any number can stand in them. */

export interface HelloInit {
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly signatures: readonly number[];
  readonly alpn: string;
  /** Groups a share of the key is sent for; of X25519 a true one. */
  readonly shares: readonly number[];
}

export const X25519 = 0x001d;
const EXTENSION = { groups: 10, signatures: 13, alpn: 16, versions: 43, shares: 51 } as const;

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u16s = (values: readonly number[]): Buffer => Buffer.concat(values.map(u16));
const vector = (bytes: Uint8Array, head: 1 | 2 | 3): Buffer => {
  const length = Buffer.alloc(head);
  length.writeUIntBE(bytes.length, 0, head);
  return Buffer.concat([length, bytes]);
};

function publicX25519(): Buffer {
  const { x = '' } = createPublicKey(generateKeyPairSync('x25519').privateKey).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

/** As the record it travels in. */
export function clientHello({ versions, suites, groups, signatures, alpn, shares }: HelloInit): Buffer {
  const keys = shares.map((group) => Buffer.concat([u16(group), vector(publicX25519(), 2)]));
  const extensions: [number, Buffer][] = [
    [EXTENSION.groups, vector(u16s(groups), 2)],
    [EXTENSION.signatures, vector(u16s(signatures), 2)],
    [EXTENSION.alpn, vector(vector(Buffer.from(alpn), 1), 2)],
    [EXTENSION.shares, vector(Buffer.concat(keys), 2)],
    [EXTENSION.versions, vector(u16s(versions), 1)],
  ];
  const body = Buffer.concat([
    u16(0x0303),
    randomBytes(32),
    vector(randomBytes(32), 1),
    vector(u16s(suites), 2),
    Buffer.from([1, 0]),
    vector(Buffer.concat(extensions.map(([type, data]) => Buffer.concat([u16(type), vector(data, 2)]))), 2),
  ]);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(Buffer.concat([Buffer.from([1]), vector(body, 3)]), 2)]);
}

const numbers = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(index * 2));

/** What a program's hello offers. */
export function readHello(record: Buffer): Omit<HelloInit, 'alpn'> {
  let at = 5 + 4 + 2 + 32;
  const take = (head: 1 | 2): Buffer => {
    const length = record.readUIntBE(at, head);
    const taken = record.subarray(at + head, at + head + length);
    at += head + length;
    return taken;
  };
  take(1);
  const suites = numbers(take(2));
  take(1);
  const extensions = new Map<number, Buffer>();
  const end = at + 2 + record.readUInt16BE(at);
  for (at += 2; at < end; ) {
    const type = record.readUInt16BE(at);
    at += 2;
    extensions.set(type, take(2));
  }
  const shares: number[] = [];
  const keys = extensions.get(EXTENSION.shares)!;
  for (let key = 2; key < keys.length; key += 4 + keys.readUInt16BE(key + 2)) shares.push(keys.readUInt16BE(key));
  return {
    suites,
    shares,
    versions: numbers(extensions.get(EXTENSION.versions)!.subarray(1)),
    groups: numbers(extensions.get(EXTENSION.groups)!.subarray(2)),
    signatures: numbers(extensions.get(EXTENSION.signatures)!.subarray(2)),
  };
}

export type HelloAnswer = 'goes on' | 'asks for another share' | 'refused';

/** The random of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3). */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/** Sends bytes, and reads as much as tells what the server makes of them. */
export function answerTo(port: number, hello: Uint8Array): Promise<HelloAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let held = Buffer.alloc(0);
    const settle = (answer: HelloAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write(hello));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') settle('refused');
      else reject(error);
    });
    socket.on('close', () => settle('refused'));
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      if (held[0] !== 22) settle('refused');
      else if (held.length >= 43) settle(held.subarray(11, 43).equals(RETRY) ? 'asks for another share' : 'goes on');
    });
  });
}
