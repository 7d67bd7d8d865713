import { type Random, randomBelow } from '../../src/base/random.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { rpcMessage } from '../../src/wire/rpc.js';
import { pick } from './chance.js';

/** Frames that no honest program sends. */
export const BROKEN_FRAMES: Readonly<Record<string, (random: Random) => Uint8Array>> = {
  'of 4 GB': () => Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  'beyond the largest': () => new Uint8Array([0, 0x20, 0, 0, 1]),
  'nested five thousand deep': () => encodeFrame(new Uint8Array(5_000).fill(0x81)),
  'that ends inside': () => encodeFrame(Uint8Array.of(0xa1, 0x61, 0x74)),
  'of nothing': () => encodeFrame(new Uint8Array(0)),
  'of indefinite length': () => encodeFrame(Uint8Array.of(0xbf, 0x61, 0x74, 0x61, 0x71, 0xff)),
  'that claims a billion items': () => encodeFrame(Uint8Array.of(0x9a, 0x3b, 0x9a, 0xca, 0)),
  'with request 0': () => encodeFrame(rpcMessage.encode({ t: 'q', i: 0, m: 'hello', p: {} })),
  'answering what nobody asked': () => encodeFrame(rpcMessage.encode({ t: 'a', i: 4_711, r: {} })),
  'of no kind': () => encodeFrame(encodeCbor({ t: 'z', i: 1 })),
  'with a prototype': () =>
    encodeFrame(encodeCbor({ ['__proto__']: { t: 'ping' }, t: 'q', i: 1, m: 'constructor', p: 1 })),
  'of chance': (random) => encodeFrame(random.bytes(1 + randomBelow(random, 400))),
};

export const brokenFrame = (random: Random): Uint8Array => pick(random, Object.values(BROKEN_FRAMES))(random);
