import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { hex } from '../../src/base/bytes.js';
import { HashTree, leafHash } from '../../src/transfer/protocol/hash-tree.js';
import {
  agree,
  controlNonce,
  type EphemeralKey,
  ephemeralKey,
  initialKeys,
  punchTag,
  seal,
  sealBlock,
  sessionKeys,
} from '../../src/transfer/protocol/keys.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { controlHeader, decodeFrames, type Frame, FrameWriter } from '../../src/wire/datagrams/control.js';
import { DATA_HEADER_BYTES, dataHeaderHolds, writeDataHeader } from '../../src/wire/datagrams/data.js';
import {
  decodeEchoRequest,
  decodeEchoResponse,
  encodeEchoRequest,
  encodeEchoResponse,
} from '../../src/wire/datagrams/echo.js';
import {
  acceptAssociated,
  decodeAccept,
  decodeInitial,
  decodePunch,
  decodeRetry,
  encodeAcceptFields,
  encodeInitial,
  encodePunch,
  encodeRetry,
  INITIAL_PLAIN_BYTES,
  initialAssociated,
} from '../../src/wire/datagrams/handshake.js';
import { datagramLength, viewOf } from '../../src/wire/datagrams/header.js';
import * as limits from '../../src/wire/limits.js';
import { type Manifest, manifestCodec } from '../../src/wire/transfer-manifest.js';

/** Holds docs/protocol-transfer.md and the code together: its worked bytes are made again here, its numbers looked up. */

const here = dirname(fileURLToPath(import.meta.url));
const spec = readFileSync(resolve(here, '..', '..', '..', 'docs', 'protocol-transfer.md'), 'utf8');

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

// The inputs of the worked example, as the document names them.
const manifest: Manifest = { files: [{ path: 'film.mp4', size: 100_000 }], block: 65_536 };
const content = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
const digest = createHash('sha256').update(manifestCodec.encode(manifest)).digest();
const secret = { id: filled(16, 0x11), secret: filled(32, 0x22), manifest: digest };
const nonce = filled(12, 0x33);
const initiator: EphemeralKey = ephemeralKey(filled(32, 0x44));
const responder: EphemeralKey = ephemeralKey(filled(32, 0x55));
const first = initialKeys(secret);
const session = sessionKeys(secret, {
  nonce,
  initiatorKey: initiator.publicBytes,
  responderKey: responder.publicBytes,
  shared: agree(initiator, responder.publicBytes),
});

function initial(): Uint8Array {
  const associated = initialAssociated(limits.TRANSFER_VERSION, first.toResponder, nonce);
  const plain = new Uint8Array(INITIAL_PLAIN_BYTES);
  plain.set(initiator.publicBytes);
  return encodeInitial(associated, null, seal(first.initial, nonce, associated, plain));
}

function accept(): Uint8Array {
  const associated = acceptAssociated(limits.TRANSFER_VERSION, first.toInitiator, responder.publicBytes);
  const fields = encodeAcceptFields({ window: 50_331_648, buffer: 4_194_304 });
  return Buffer.concat([associated, seal(session.responderControl, controlNonce(0), associated, fields)]);
}

function data(): Uint8Array {
  const { body } = sealBlock(session.blocks, 0, 0, content.subarray(0, 65_536));
  const bytes = new Uint8Array(DATA_HEADER_BYTES + 16);
  writeDataHeader(viewOf(bytes), 0, session.check, session.toResponder, bytes.length, 0, 1, 0, 0);
  bytes.set(body.subarray(0, 16), DATA_HEADER_BYTES);
  return bytes;
}

function frames(): Uint8Array {
  const writer = new FrameWriter();
  writer.want({ sequence: 1, ranges: [{ first: 0, end: 2 }] });
  writer.ack({
    delay: 250,
    bytes: 70_000,
    ranges: [
      { first: 40, end: 50 },
      { first: 1, end: 38 },
    ],
  });
  return writer.finish();
}

function control(): Uint8Array {
  const header = controlHeader(session.toInitiator, 1, frames().length);
  return Buffer.concat([header, seal(session.responderControl, controlNonce(1), header, frames())]);
}

const leaves = [content.subarray(0, 65_536), content.subarray(65_536)].map(leafHash);

const WORKED: Readonly<Record<string, () => Uint8Array>> = {
  manifest: () => manifestCodec.encode(manifest),
  'manifest-digest': () => digest,
  'hash-tree-root': () => new HashTree(leaves).root,
  'initial-head': () => initial().subarray(0, 88),
  'initial-sha256': () => createHash('sha256').update(initial()).digest(),
  retry: () => encodeRetry(first.toInitiator, filled(32, 0x66)),
  accept,
  punch: () => encodePunch(first.toInitiator, punchTag(first.punch)),
  data,
  frames,
  control,
  'echo-request': () => encodeEchoRequest(filled(8, 0x77)),
  'echo-response': () =>
    encodeEchoResponse(filled(8, 0x77), { family: 4, port: 4_321, address: Uint8Array.of(192, 0, 2, 7) }),
};

for (const [name, make] of Object.entries(WORKED)) {
  test(`the worked bytes of ${name} are what this program makes`, () => {
    const block = new RegExp(`\`\`\`hex ${name}\\n([0-9a-f\\s]+)\`\`\``).exec(spec)?.[1];
    assert.equal(hex(make()), block?.replace(/\s/g, ''));
  });
}

test('the numbers of the document are those of the program', () => {
  const rows = [...spec.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|/gm)];
  assert.ok(rows.length >= 10);
  for (const [, name, value] of rows) {
    const known = (limits as Readonly<Record<string, unknown>>)[name!];
    assert.equal(String(known), value!.replaceAll(',', '').replaceAll(' ', ',').trim().replace(/,$/, ''), name);
  }
});

test('the other side reads what the worked example says', () => {
  assert.equal(decodeInitial(initial()).version, 1);
  assert.equal(hex(decodeAccept(accept()).key), hex(responder.publicBytes));
  assert.equal(decodeRetry(WORKED.retry!()).length, 32);
  assert.equal(decodePunch(WORKED.punch!()).length, 16);
  assert.ok(dataHeaderHolds(viewOf(data()), 0, data().length, session.check));
  assert.deepEqual(
    decodeFrames(frames()).map((frame) => frame.type),
    ['want', 'ack'],
  );
  assert.deepEqual(decodeEchoRequest(WORKED['echo-request']!()), filled(8, 0x77));
  const seen = decodeEchoResponse(WORKED['echo-response']!(), filled(8, 0x77));
  assert.deepEqual(seen, { family: 4, port: 4_321, address: Uint8Array.of(192, 0, 2, 7) });
});

const range = fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 1_000 }));

/** Ranges apart from each other, the largest first. */
const ackRanges = fc.array(range, { minLength: 1, maxLength: 50 }).map((gaps) => {
  let at = 0;
  const out = gaps.map(([gap, length]) => {
    const begin = at + gap + 1;
    at = begin + length;
    return { first: begin, end: at };
  });
  return out.reverse();
});

test('frames come back as they went', () => {
  fc.assert(
    fc.property(
      ackRanges,
      fc.nat(),
      fc.nat(2 ** 40),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (ranges, id, bytes, token) => {
        const writer = new FrameWriter();
        writer.ack({ delay: id, bytes, ranges });
        writer.ping(id);
        writer.reject([{ block: id, generation: 3 }]);
        writer.challenge('challenge', token);
        writer.close('sourceChanged');
        writer.state(true, 1_000);
        writer.padTo(1_400);
        const wanted: Frame[] = [
          { type: 'ack', ack: { delay: id, bytes, ranges } },
          { type: 'ping', id },
          { type: 'reject', blocks: [{ block: id, generation: 3 }] },
          { type: 'challenge', token },
          { type: 'close', reason: 'sourceChanged' },
          { type: 'state', paused: true, ackDelay: 1_000 },
        ];
        assert.deepEqual(decodeFrames(writer.finish()), wanted);
      },
    ),
  );
});

test('a frame of an unknown type is skipped, and what follows known fields is ignored', () => {
  const writer = new FrameWriter();
  writer.ping(7);
  const known = writer.finish();
  const longer = Uint8Array.of(known[0]!, 0, known.length - 3 + 2, ...known.subarray(3), 9, 9);
  const unknown = Uint8Array.of(200, 0, 3, 1, 2, 3);
  assert.deepEqual(decodeFrames(Buffer.concat([unknown, longer])), [{ type: 'ping', id: 7 }]);
});

test('M2 P5 whatever arrives, decoding ends with frames or with one kind of error', () => {
  const decoders = [
    decodeFrames,
    decodeInitial,
    decodeAccept,
    decodeRetry,
    decodePunch,
    decodeEchoRequest,
    (bytes: Uint8Array) => decodeEchoResponse(bytes, filled(8, 0)),
    (bytes: Uint8Array) => manifestCodec.decode(bytes),
    (bytes: Uint8Array) => datagramLength(viewOf(bytes), 0, bytes.length),
  ];
  const mutated = fc
    .tuple(fc.constantFrom(...Object.values(WORKED)), fc.nat(), fc.nat(255), fc.nat(1_300))
    .map(([make, at, value, length]) => {
      const bytes = make().slice(0, length);
      if (bytes.length > 0) bytes[at % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'malformed');
        }
      }
    }),
    { numRuns: 3_000 },
  );
});

test('U9 sizes that are negative, fractional or add up to too much are refused', () => {
  const cases: unknown[][] = [[-1], [1.5], [2 ** 53], [2 ** 53 - 1, 2 ** 53 - 1], [2 ** 45]];
  for (const sizes of cases) {
    const bad = { files: sizes.map((size, i) => ({ path: `f${i}`, size })), block: 65_536 } as Manifest;
    assert.throws(() => manifestCodec.encode(bad), { code: 'unencodable' });
    assert.throws(() => manifestCodec.decode(encodeCbor(bad)), { code: 'malformed' });
  }
  assert.throws(() => manifestCodec.decode(encodeCbor({ ...manifest, block: 1 })), { code: 'malformed' });
});
