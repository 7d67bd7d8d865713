import assert from 'node:assert/strict';
import { asBuffer, utf8 } from '../../src/base/bytes.js';
import { Failure } from '../../src/base/errors.js';
import { readLine } from '../../src/control/jsonrpc.js';
import { readDeviceCertificate } from '../../src/crypto/certificate.js';
import { readCrl } from '../../src/crypto/crl.js';
import { createCsr, readCsr } from '../../src/crypto/csr.js';
import { DerError } from '../../src/crypto/der.js';
import { signDevice } from '../../src/crypto/identity.js';
import { MappingClient } from '../../src/net/mapping/client.js';
import { InputDecoder } from '../../src/tui/input/decoder.js';
import { parsePpm } from '../../src/tui/log/picture.js';
import { addressBytes } from '../../src/wire/address.js';
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.js';
import { decodeFrames, FrameWriter } from '../../src/wire/datagrams/control.js';
import { answerEcho, decodeEchoRequest, decodeEchoResponse, encodeEchoRequest } from '../../src/wire/datagrams/echo.js';
import {
  decodeAccept,
  decodeAcceptFields,
  decodeInitial,
  decodePunch,
  decodeRetry,
  encodePunch,
  encodeRetry,
} from '../../src/wire/datagrams/handshake.js';
import { connectionId, datagramLength, viewOf } from '../../src/wire/datagrams/header.js';
import { decodeBind, decodeBound, decodeRefused } from '../../src/wire/datagrams/relay.js';
import { encodeFrame, FrameDecoder } from '../../src/wire/frame.js';
import { decodeNatPmp, encodeNatPmpMap } from '../../src/wire/gateway/nat-pmp.js';
import { decodePcp, encodePcpAnnounce, encodePcpMap } from '../../src/wire/gateway/pcp.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { formatLink, parseLink } from '../../src/wire/link.js';
import { parseGroupName, parseUserName } from '../../src/wire/names.js';
import { rpcMessage } from '../../src/wire/rpc.js';
import { cleanLine, cleanText } from '../../src/wire/text.js';
import { BROKEN_FRAMES } from '../attackers/frames.js';
import { harmOf } from '../support/hostile-text.js';
import { KEY_NAME, KEY_SEQUENCES } from '../support/key-sequences.js';
import { testAuthority, testDevice } from '../support/pki.js';
import { seededRandom } from '../support/random.js';
import { wireCodecs } from '../support/wire-codecs.js';
import type { Target } from './fuzz.js';

/** Everything of the program that takes bytes of others. */

const codecs = await wireCodecs();
const authority = testAuthority('fuzz');
const device = testDevice(authority, 'alice');

/** As a stream that decodes what comes shows it: what is no UTF-8 has its mark. */
const textOf = (input: Uint8Array): string => asBuffer(input).toString('utf8');

/** An error of the table is an answer; any other is a fault. */
function judged(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Failure && error.code !== 'internal') && !(error instanceof DerError)) throw error;
  }
}

const each =
  (...decoders: readonly ((input: Uint8Array) => unknown)[]) =>
  (input: Uint8Array): void => {
    for (const decode of decoders) judged(() => decode(input));
  };

const strings = (...decoders: readonly ((text: string) => unknown)[]) =>
  each(...decoders.map((decode) => (input: Uint8Array) => decode(textOf(input))));

const CONNECTION = connectionId(new Uint8Array(8).fill(7));
const PORT = { protocol: 'udp', internalPort: 4_000, externalPort: 4_000, lifetime: 3_600 } as const;
const hello = rpcMessage.encode({ t: 'q', i: 1, m: 'hello', p: { versions: [1], agent: 'x' } });

/** The first two bytes say which codec it is. */
function byCodec(input: Uint8Array): void {
  const [high = 0, low = 0] = input;
  const [, codec] = codecs[((high << 8) | low) % codecs.length]!;
  judged(() => codec.decode(input.subarray(2)));
}

function frames(input: Uint8Array): void {
  const decoder = new FrameDecoder(FRAME_BYTES);
  judged(() => {
    for (let at = 0; at < input.length; at += 7) decoder.hold(input.subarray(at, at + 7));
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) rpcMessage.decode(payload);
  });
}

function keys(input: Uint8Array): void {
  const text = Buffer.from(input).toString('latin1');
  const decoder = new InputDecoder();
  const half = text.length >> 1;
  for (const event of [...decoder.feed(text.slice(0, half)), ...decoder.feed(text.slice(half)), ...decoder.flush()]) {
    if (event.type === 'mouse') assert.ok(Number.isFinite(event.x + event.y));
    if (event.type === 'key') assert.match(event.key, KEY_NAME);
  }
}

export const TARGETS: readonly Target[] = [
  {
    name: 'cbor',
    seeds: () => [hello, encodeCbor({ a: [1, 'x', new Uint8Array(3), true, null, 1.5], b: {} })],
    run: each((input) => decodeCbor(input, FRAME_BYTES)),
  },
  {
    name: 'codecs',
    seeds: () => codecs.map((_, at) => Uint8Array.of(at >> 8, at & 255, 0xa0)),
    run: byCodec,
  },
  {
    name: 'frames',
    seeds: (random) => [encodeFrame(hello), ...Object.values(BROKEN_FRAMES).map((frame) => frame(random))],
    run: frames,
  },
  {
    name: 'datagrams',
    seeds: (random) => {
      const writer = new FrameWriter();
      return [
        encodeEchoRequest(random.bytes(8)),
        encodeRetry(CONNECTION, random.bytes(32)),
        encodePunch(CONNECTION, random.bytes(16)),
        writer.finish(),
        random.bytes(1_200),
        new Uint8Array(1_200),
      ];
    },
    run: each(
      ...[decodeInitial, decodeRetry, decodeAcceptFields, decodeAccept, decodePunch, decodeFrames],
      ...[decodeEchoRequest, decodeBind, decodeBound, decodeRefused],
      (input) => decodeEchoResponse(input, input.subarray(0, 8)),
      (input) => answerEcho(input, '192.0.2.1', 5_000),
      (input) => datagramLength(viewOf(input), 0, input.length),
    ),
  },
  {
    name: 'gateway',
    seeds: (random) => [
      encodePcpMap({ ...PORT, nonce: random.bytes(12) }, '192.0.2.1').map((byte, at) =>
        at === 1 ? byte | 0x80 : byte,
      ),
      encodePcpAnnounce('192.0.2.1').map((byte, at) => (at === 1 ? byte | 0x80 : byte)),
      Uint8Array.of(0, 0x80, 0, 0, 0, 0, 1, 44, 11, 22, 1, 2),
      encodeNatPmpMap(PORT).map((byte, at) => (at === 1 ? byte | 0x80 : byte)),
    ],
    run: (input) => {
      each(decodePcp, decodeNatPmp)(input);
      // Whatever a router says, the client goes on.
      const client = new MappingClient({ random: seededRandom(1), client: '192.0.2.1' });
      client.want([{ protocol: 'udp', port: 4_000 }], 0);
      client.receive(input, 1);
      client.tick(1);
    },
  },
  {
    name: 'names-and-links',
    seeds: () =>
      [
        formatLink({ host: '192.0.2.1', port: 4_747, fingerprint: authority.trust.directoryId }),
        formatLink({ host: '2001:db8::1', port: 1, fingerprint: authority.trust.directoryId }),
        ...['alice', '#lobby', '::ffff:1.2.3.4', '1.2.3.4%5'],
      ].map(utf8),
    run: strings(parseLink, parseUserName, parseGroupName, addressBytes),
  },
  {
    name: 'texts',
    seeds: () =>
      ['plain', 'x\x1b]0;t\x07\u202ey', 'a\u0301\u0301\u0301', '\x9b31m', '\u{1f468}\u200d\u{1f469}'].map(utf8),
    run: (input) => {
      const text = textOf(input);
      const forged = /^(?:12:00 @bob )?bob: /gm;
      // Tabs of a text are spread where it is laid out.
      assert.equal(harmOf(cleanText(text).replace(/\t/g, ' ').replace(forged, '')), '');
      assert.equal(harmOf(cleanLine(text).replace(forged, '')), '');
    },
  },
  {
    name: 'certificates',
    seeds: () => [
      device.certificate,
      authority.crl(1, [device.serial]).der,
      createCsr(device.key, {
        ...{ user: device.user, identityKey: device.identity.publicKey },
        statement: signDevice(
          device.identity,
          { directoryId: authority.trust.directoryId, folded: 'alice' },
          device.key.publicKey,
        ),
      }),
    ],
    run: each(readDeviceCertificate, readCsr, (input) => readCrl(input, authority.trust)),
  },
  {
    name: 'control',
    seeds: () =>
      ['{"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"bob","text":"hi"}}', '[{"jsonrpc":"2.0"}]', '{}'].map(
        utf8,
      ),
    run: strings(readLine),
  },
  {
    name: 'keys',
    seeds: () => KEY_SEQUENCES.map((sequence) => new Uint8Array(Buffer.from(sequence, 'latin1'))),
    run: keys,
  },
  {
    name: 'pictures',
    seeds: () => [utf8('P6\n4 2\n255\n000000000000000000000000'), utf8('P6\n1 1\n255\nabc')],
    run: each((input) => parsePpm(input, 48)),
  },
];

/** With a fault that only coverage leads to: each letter is a step of its own. */
export const PLANTED: Target = {
  name: 'planted',
  seeds: () => [utf8('a planted fault')],
  run: ([first, second, third]) => {
    if (first !== 0x66) return;
    if (second !== 0x75) return;
    if (third === 0x7a) throw new TypeError('found');
  },
};
