import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { Failure } from '../../src/base/errors.js';
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.js';
import { encodeFrame, FrameDecoder } from '../../src/wire/frame.js';
import { CBOR_DEPTH, CBOR_ITEMS, FRAME_BYTES, HELLO_FRAME_BYTES } from '../../src/wire/limits.js';
import { rpcMessage } from '../../src/wire/rpc.js';

const malformed = { name: 'Failure', code: 'malformed' };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('what is encoded comes back', () => {
  const value = { name: 'ada', list: [1, -2, true, null], bytes: new Uint8Array([1, 2, 3]), nested: { deep: 'ü' } };
  assert.deepEqual(decodeCbor(encodeCbor(value), 1000), value);
});

const refused: Record<string, string> = {
  'nothing at all': '',
  'trailing bytes': '01 01',
  'text cut short': '63 61 62',
  'a length of 2^32-1': 'bb ff ff ff ff ff ff ff ff',
  'an array of 2^32-1 items': '9a ff ff ff ff',
  'an indefinite array': '9f 01 ff',
  'an indefinite text': '7f 61 61 ff',
  'a tag': 'c0 60',
  undefined: 'f7',
  'not a number': 'f9 7e 00',
  infinity: 'f9 7c 00',
  'a key twice': 'a2 61 61 01 61 61 02',
  'a key that is no text': 'a1 01 02',
  'an integer in more bytes than it needs': '18 01',
  'text that is not UTF-8': '61 ff',
  'a reserved head': '1c',
};
for (const [what, text] of Object.entries(refused)) {
  test(`P5 refused: ${what}`, () => {
    assert.throws(() => decodeCbor(bytesOf(text), 1000), malformed);
  });
}

test('P5 nesting ends at the limit', () => {
  const nested = (depth: number): Uint8Array => new Uint8Array([...new Array(depth).fill(0x81), 0x01]);
  assert.doesNotThrow(() => decodeCbor(nested(CBOR_DEPTH), 1000));
  assert.throws(() => decodeCbor(nested(CBOR_DEPTH + 1), 1000), malformed);
  assert.throws(() => decodeCbor(nested(900_000), 1_000_000), malformed);
});

test('P5 the number of items ends at the limit', () => {
  assert.throws(() => decodeCbor(encode(new Array(CBOR_ITEMS).fill(0)), FRAME_BYTES), malformed);
});

test('P5 arbitrary bytes give a value or the one error, never another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        rpcMessage.decode(bytes);
      } catch (error) {
        assert.ok(error instanceof Failure && error.code === 'malformed', String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 400 }),
      (payloads, cut) => {
        const stream = Buffer.concat(payloads.map((payload) => encodeFrame(payload)));
        const decoder = new FrameDecoder(1000);
        const seen: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += cut) seen.push(...decoder.push(stream.subarray(at, at + cut)));
        assert.deepEqual(
          seen.map((frame) => [...frame]),
          payloads.map((payload) => [...payload]),
        );
      },
    ),
  );
});

test('P5 a frame longer than allowed is refused by its header alone', () => {
  const header = bytesOf('ff ff ff ff');
  assert.throws(() => [...new FrameDecoder(FRAME_BYTES).push(header)], { code: 'frame-too-large' });
  const decoder = new FrameDecoder(HELLO_FRAME_BYTES);
  decoder.allow(FRAME_BYTES);
  assert.doesNotThrow(() => [...decoder.push(new Uint8Array([0, 15, 0, 0]))]);
});
