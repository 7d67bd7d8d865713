import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { Authority } from '../../src/crypto/ca.js';
import { readCrl } from '../../src/crypto/crl.js';
import {
  bits,
  type Der,
  decodeDer,
  encodeDer,
  integer,
  items,
  oid,
  sequence,
  tagged,
  time,
} from '../../src/crypto/der.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { commonName, ED25519, extension } from '../../src/crypto/profile.js';
import { NOW, testAuthority } from '../support/pki.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('crl');
const caKey = SigningKey.generate(random);
const authority = Authority.create(caKey, { now: NOW, random });
const { trust } = authority;
const serial = '4a'.repeat(16);
const good = authority.issueCrl({ number: 7, now: NOW, revocations: [{ serial, at: NOW - 5000 }] });

const fails = (code: Code) => (error: unknown) => hasCode(error, code) && error.exit === 6;

test('a list says what is revoked, since when it counts, and its number', () => {
  const crl = readCrl(good, trust);
  assert.deepEqual([crl.number, crl.thisUpdate, crl.size], [7, NOW, 1]);
  assert.equal(crl.isRevoked(serial), true);
  assert.equal(crl.isRevoked('4b'.repeat(16)), false);
});

const tbs = items(items(decodeDer(good, 4096))[0]!, 7);
const [aki, number] = items(items(tbs[6]!)[0]!) as [Der, Der];
const entry = items(tbs[5]!)[0]!;
const numbered = (value: Der): Der => extension(oid('2.5.29.20'), false, value);
const DELTA = extension(oid('2.5.29.27'), true, integer(Uint8Array.of(1)));

/** The list with some of its members replaced or, by undefined, left out; signed by the CA. */
function hostile(changed: Readonly<Record<number, Der | undefined>>): Uint8Array {
  const members = tbs.flatMap((member, index) => (index in changed ? (changed[index] ?? []) : member));
  const node = sequence(...members);
  return encodeDer(sequence(node, ED25519, bits(caKey.sign(encodeDer(node)))));
}
const extensions = (...list: Der[]): Record<number, Der> => ({ 6: tagged(0, sequence(...list)) });

const HOSTILE: Readonly<Record<string, Record<number, Der | undefined>>> = {
  'of version 1': { 0: undefined },
  'without extensions': { 6: undefined },
  'without a number': extensions(aki),
  'with a number beyond all bounds': extensions(aki, numbered(integer(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0)))),
  'with a negative number': extensions(aki, numbered(integer(Uint8Array.of(0xff)))),
  'with a number of no bytes': extensions(aki, numbered(integer(new Uint8Array(0)))),
  'without an authority': extensions(number),
  'with changes only': extensions(aki, number, DELTA),
  'of another issuer': { 2: commonName('somebody') },
  'without an end': { 4: undefined },
  'with an empty list': { 5: sequence() },
  'with an entry that says more': { 5: sequence(sequence(...items(entry), sequence())) },
  'with an entry without a date': { 5: sequence(sequence(items(entry)[0]!)) },
  'with a structure for a serial': { 5: sequence(sequence(sequence(), time(NOW))) },
};

for (const [kind, changed] of Object.entries(HOSTILE)) {
  test(`C4 a list ${kind} is refused`, () => {
    assert.throws(() => readCrl(hostile(changed), trust), fails('crl-malformed'));
  });
}

test('the list which the hostile ones are made from is good', () => {
  assert.deepEqual(hostile({}), good);
});

test('C4 a list that another signed, or that was touched, is refused', () => {
  const other = testAuthority('other').authority.issueCrl({ number: 1, now: NOW, revocations: [] });
  assert.throws(() => readCrl(other, trust), fails('crl-malformed'));
  for (let at = 0; at < good.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Uint8Array.from(good);
      changed[at]! ^= flip;
      assert.throws(
        () => readCrl(changed, trust),
        (error: unknown) => hasCode(error, 'crl-malformed') || hasCode(error, 'crl-untrusted'),
      );
    }
  }
});

test('list numbers of all sizes come back as they were given', () => {
  for (const number of [0, 1, 127, 128, 255, 256, 65_535, 2 ** 31, 2 ** 47, Number.MAX_SAFE_INTEGER]) {
    assert.equal(readCrl(authority.issueCrl({ number, now: NOW, revocations: [] }), trust).number, number);
  }
});
