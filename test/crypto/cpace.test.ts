import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { CpaceSide } from '../../src/crypto/cpace.js';
import { seededRandom } from '../support/random.js';

/** draft-irtf-cfrg-cpace, "Test vector for CPace using group ristretto255 and hash SHA-512". */
const VECTOR = {
  password: 'Password',
  channel: '0b415f696e69746961746f720b425f726573706f6e646572',
  session: '7e4b4791d6a8ef019b936c79fb7f2c57',
  ya: 'da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08',
  yb: 'd2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d',
  shareA: 'd6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157',
  shareB: '3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258',
  key: 'b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447',
};
const inputs = {
  password: utf8(VECTOR.password),
  channel: fromHex(VECTOR.channel),
  session: fromHex(VECTOR.session),
};
const [saidA, saidB] = [utf8('ADa'), utf8('ADb')];
const scalar = (text: string): bigint => BigInt(`0x${hex(fromHex(text).toReversed())}`);

test("the draft's vector: shares and key of both sides", () => {
  const random = seededRandom(1);
  const a = new CpaceSide(inputs, random, scalar(VECTOR.ya));
  const b = new CpaceSide(inputs, random, scalar(VECTOR.yb));
  assert.equal(hex(a.share), VECTOR.shareA);
  assert.equal(hex(b.share), VECTOR.shareB);
  const keyA = a.asInitiator(saidA, { share: b.share, said: saidB });
  const keyB = b.asResponder(saidB, { share: a.share, said: saidA });
  assert.equal(hex(keyA.secret), VECTOR.key);
  assert.equal(hex(keyB.secret), VECTOR.key);
  assert.ok(keyB.isConfirmed({ share: a.share, said: saidA }, keyA.confirm({ share: a.share, said: saidA })));
});

test('the neutral element, and what is no element, are refused', () => {
  const side = new CpaceSide(inputs, seededRandom(2));
  for (const share of [new Uint8Array(32), new Uint8Array(32).fill(255), fromHex(`01${'00'.repeat(31)}`)]) {
    assert.throws(
      () => side.asInitiator(saidA, { share, said: saidB }),
      (error) => hasCode(error, 'pairing-malformed'),
    );
  }
});

test('another password, channel, session or saying gives another key', () => {
  const random = seededRandom(3);
  const a = new CpaceSide(inputs, random);
  const others = [
    { ...inputs, password: utf8('password') },
    { ...inputs, channel: utf8('elsewhere') },
    { ...inputs, session: new Uint8Array(16) },
  ];
  for (const other of others) {
    const b = new CpaceSide(other, random);
    const keyB = b.asResponder(saidB, { share: a.share, said: saidA });
    const keyA = a.asInitiator(saidA, { share: b.share, said: saidB });
    assert.notEqual(hex(keyA.secret), hex(keyB.secret));
    assert.ok(!keyB.isConfirmed({ share: a.share, said: saidA }, keyA.confirm({ share: a.share, said: saidA })));
  }
  const b = new CpaceSide(inputs, random);
  const keyA = a.asInitiator(utf8('another'), { share: b.share, said: saidB });
  assert.notEqual(hex(keyA.secret), hex(b.asResponder(saidB, { share: a.share, said: saidA }).secret));
});
