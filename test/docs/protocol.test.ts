import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../src/base/bytes.js';
import { signDevice } from '../../src/crypto/identity.js';
import { deviceIdOf, directoryIdOf, SigningKey } from '../../src/crypto/keys.js';
import { contentCodec } from '../../src/wire/content.js';
import { directoryMethods, directoryNotices, enrolMethods } from '../../src/wire/directory.js';
import { encodeFrame } from '../../src/wire/frame.js';
import * as limits from '../../src/wire/limits.js';
import { parcelCodec, peerMethods, peerNotices } from '../../src/wire/peer-link.js';
import { rpcMessage } from '../../src/wire/rpc.js';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The rows of all tables whose first cell is `NAME` in backquotes. */
const quoted = new Map(
  [...text.matchAll(/^\| `([A-Z][A-Z_]+)` \| ([^|]+?) \|/gm)].map(([, name, value]) => [name!, value!]),
);

test('every number of the protocol stands in docs/protocol.md as it is', () => {
  const actual = new Map(
    Object.entries(limits).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
  assert.deepEqual(new Map([...quoted].sort()), new Map([...actual].sort()));
});

test('every request and notice is named in docs/protocol.md, and nothing else is', () => {
  const documented = [...text.matchAll(/^\| `([a-z][a-z.-]{2,})` \|/gm)].map(([, name]) => name!);
  const actual = [enrolMethods, directoryMethods, directoryNotices, peerMethods, peerNotices].flatMap((table) =>
    Object.keys(table),
  );
  assert.deepEqual([...new Set(documented)].sort(), [...new Set(actual)].sort());
});

/** The worked example of that name: hex digits, white space ignored. */
function worked(name: string): string {
  const block = new RegExp(`\`\`\`hex ${name}\n([^\`]+)\`\`\``).exec(text)?.[1];
  assert.ok(block, `docs/protocol.md has no worked example '${name}'`);
  return block.replaceAll(/\s/g, '');
}

const count = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);

const examples: Record<string, () => Uint8Array> = {
  'ping frame': () => encodeFrame(rpcMessage.encode({ t: 'ping' })),
  'hello request': () =>
    encodeFrame(rpcMessage.encode({ t: 'q', i: 1, m: 'hello', p: { versions: [1], agent: 'p2pchat/0.1.0' } })),
  refusal: () =>
    encodeFrame(
      rpcMessage.encode({
        t: 'a',
        i: 2,
        e: { reason: 'unknown', code: 'user-unknown', message: 'no bob', hint: 'Ask.', details: { user: 'bob' } },
      }),
    ),
  'text content': () => contentCodec.encode({ type: 'text', body: 'hi', sentAt: 1_767_225_600_000 }),
  'answer content': () =>
    contentCodec.encode({
      type: 'answer',
      transfer: count(0, 16),
      step: 'accept',
      candidates: [{ host: '192.0.2.1', port: 4100 }],
    }),
  'message parcel': () =>
    parcelCodec.encode({ kind: 'message', group: count(0, 16), sealed: Uint8Array.of(0xaa, 0xbb) }),
  'directory id': () => utf8(directoryIdOf(ca.publicKey)),
  'device id': () => utf8(deviceIdOf(device.publicKey)),
  'device statement': () =>
    signDevice(identity, { directoryId: directoryIdOf(ca.publicKey), folded: 'ada' }, device.publicKey),
};
const ca = SigningKey.fromSeed(count(0x00, 32));
const identity = SigningKey.fromSeed(count(0x20, 32));
const device = SigningKey.fromSeed(count(0x40, 32));

for (const [name, make] of Object.entries(examples)) {
  test(`the worked example '${name}' is what this program makes`, () => {
    assert.equal(hex(make()), worked(name));
  });
}

test('a worked example decodes to what the text says', () => {
  const message = rpcMessage.decode(fromHex(worked('hello request')).subarray(4));
  assert.deepEqual(message, { t: 'q', i: 1, m: 'hello', p: { versions: [1], agent: 'p2pchat/0.1.0' } });
});
