import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressBytes, isAddress } from '../../src/wire/address.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { contentCodec } from '../../src/wire/content.js';
import { directoryMethods, rosterCodec } from '../../src/wire/directory.js';
import { TRANSFER_CANDIDATES } from '../../src/wire/limits.js';
import { parse } from '../../src/wire/schema.js';

/** What others say of where somebody is: one form, wherever it is decoded. */

const GOOD = [
  { host: '192.0.2.7', port: 1 },
  { host: '2001:db8::7', port: 65_535 },
];
const BAD: readonly unknown[] = [
  ...['1.2.3.4%5', 'a:b', '1.1.1.1.1.1', 'localhost', 'example.org', '', '1.2.3', '01.2.3.4', '256.1.1.1', '1.2.3.4 '],
  ...['fe80::1%eth0', '::1%1', '1::2::3', '1:2:3:4:5:6:7:8:9', ':::', '::1.2.3', '1.2.3.4::', '[::1]', '0x7f000001'],
  ...['0.0.0.0', '::', '::ffff:0.0.0.0', '224.0.0.1', '255.255.255.255', 'ff02::1', '1'.repeat(64)],
].map((host) => ({ host, port: 9 }));
const BAD_PORTS = [0, -1, 65_536, 1.5, Number.NaN, '9', undefined].map((port) => ({ host: '192.0.2.7', port }));
const WRONG: readonly unknown[] = [...BAD, ...BAD_PORTS, null, 7, 'x', [], {}];

const transfer = new Uint8Array(16);

test('N1 an address is a numeric unicast one without a zone, and a port', () => {
  for (const address of GOOD) assert.ok(isAddress(address), JSON.stringify(address));
  for (const address of WRONG) assert.ok(!isAddress(address), JSON.stringify(address));
});

test('N1 what counts as numeric is what node:net says, without zones', () => {
  const piece = fc.constantFrom('::', ':', '.', '0', '1', '25', '255', '256', 'a', 'ffff', '12345', '%', 'g', ' ');
  const nearly = fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join(''));
  const whole = fc.oneof(fc.ipV4(), fc.ipV6(), nearly, fc.string());
  fc.assert(
    fc.property(whole, (text) => {
      const expected = text.includes('%') ? 0 : isIP(text);
      const length = addressBytes(text)?.length;
      assert.equal(length === undefined ? 0 : length === 4 ? 4 : 6, expected, text);
    }),
    { numRuns: 20_000 },
  );
});

/** Every place where an address of somebody else is decoded, and what has come of a list of them. */
const PLACES: readonly [where: string, decoded: (list: readonly unknown[]) => unknown][] = [
  [
    'an offer',
    (candidates) => {
      const offer = { secret: new Uint8Array(32), manifest: new Uint8Array(1), video: false, sentAt: 1, candidates };
      return (contentCodec.decode(encodeCbor({ type: 'offer', transfer, ...offer })) as { candidates: unknown })
        .candidates;
    },
  ],
  [
    'an answer',
    (candidates) => {
      const answer = { type: 'answer', transfer, step: 'accept', candidates };
      return (contentCodec.decode(encodeCbor(answer)) as { candidates: unknown }).candidates;
    },
  ],
  [
    'a call',
    (candidates) => {
      const call = { type: 'candidates', transfer, candidates };
      return (contentCodec.decode(encodeCbor(call)) as { candidates: unknown }).candidates;
    },
  ],
  [
    'a roster',
    (endpoints) => {
      const device = { certificate: new Uint8Array(64), endpoints, state: 'online', lastSeen: 1 };
      const account = {
        directory: 'd',
        user: 'u',
        role: 'beginner',
        identityKey: new Uint8Array(32),
        version: 1,
        at: 1,
      };
      return rosterCodec.decode(encodeCbor({ ...account, devices: [device] })).devices[0]!.endpoints;
    },
  ],
  [
    'hello',
    (endpoints) => {
      const hello = { versions: [1], agent: 'a', instance: new Uint8Array(16), endpoints, state: 'online', starts: 1 };
      return parse(directoryMethods.hello.params, hello).endpoints;
    },
  ],
  [
    'presence.set',
    (endpoints) => parse(directoryMethods['presence.set'].params, { state: 'online', endpoints }).endpoints,
  ],
];

for (const [where, decoded] of PLACES) {
  test(`N1 of the addresses in ${where} those that are none are left out, and the others count`, () => {
    // CBOR here has no fractions, and no undefined.
    const encodable = WRONG.filter((one) => {
      const { port } = (one ?? {}) as { port?: unknown };
      return typeof port === 'string' || Number.isInteger(port);
    });
    for (let at = 0; at < encodable.length; at += TRANSFER_CANDIDATES - 2) {
      const list = [GOOD[0], ...encodable.slice(at, at + TRANSFER_CANDIDATES - 2), GOOD[1]];
      assert.deepEqual(decoded(list), GOOD);
    }
    assert.throws(() => decoded(Array(TRANSFER_CANDIDATES + 1).fill(GOOD[0])), { code: 'malformed' });
  });
}

test('N1 an observed address that is none keeps nobody from signing in', () => {
  const welcome = {
    ...{ version: 1, user: 'u', role: 'beginner', now: 1, crl: new Uint8Array(64), keyPackages: 0, startsSeen: 0 },
    observed: { host: 'fe80::1%eth0', port: 9 },
  };
  assert.equal(parse(directoryMethods.hello.result, welcome).observed, undefined);
  const { observed } = parse(directoryMethods.hello.result, {
    ...welcome,
    observed: { host: '::ffff:192.0.2.7', port: 9 },
  });
  assert.deepEqual(observed, { host: '192.0.2.7', port: 9 });
});
