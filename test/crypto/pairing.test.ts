import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, utf8 } from '../../src/base/bytes.js';
import { type Code, hasCode } from '../../src/base/errors.js';
import { PairingHost, type PairingInit, PairingNewcomer } from '../../src/crypto/pairing.js';
import { formatCode, formatCodeLink, newWords, parseCode } from '../../src/crypto/spoken-code.js';
import { parseLink } from '../../src/wire/link.js';
import { seededRandom } from '../support/random.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const LINK = parseLink(`p2pchat://192.0.2.1:4000#${'A'.repeat(43)}`);
const INIT: PairingInit = {
  kind: 'device',
  number: 4711,
  words: 'apple banana cherry',
  directoryId: LINK.fingerprint,
};
const [ASKS, GIFT] = [utf8('let me in'), utf8('the keys of the house')];

const pair = (newcomer: Partial<PairingInit> = {}, seed = 1) => ({
  newcomer: new PairingNewcomer({ ...INIT, ...newcomer }, seededRandom(`newcomer ${seed}`)),
  host: new PairingHost(INIT, seededRandom(`host ${seed}`)),
});

test('the same words at the same directory: each gets what the other says, and nothing of it passes in clear', () => {
  const { newcomer, host } = pair();
  const proof = newcomer.prove(host.meet(newcomer.hello()), ASKS);
  assert.deepEqual(host.judge(proof), ASKS);
  const given = host.give(GIFT);
  assert.deepEqual(newcomer.take(given), GIFT);
  for (const said of [proof, given]) {
    for (const plain of [ASKS, GIFT]) assert.ok(!hex(said).includes(hex(plain)));
  }
});

test('N60 other words, another number, kind or directory: the host gives nothing, and does not judge again', () => {
  const others: Partial<PairingInit>[] = [
    { words: 'apple banana citizen' },
    { number: 4712 },
    { kind: 'invitation' },
    { directoryId: `B${'A'.repeat(42)}` },
  ];
  for (const other of others) {
    const { newcomer, host } = pair(other);
    const proof = newcomer.prove(host.meet(newcomer.hello()), ASKS);
    assert.throws(() => host.judge(proof), coded('pairing-wrong'));
    assert.throws(() => host.judge(proof), coded('pairing-wrong'), 'the same once more');
    assert.throws(() => host.give(GIFT), coded('pairing-wrong'));
    assert.throws(() => host.meet(newcomer.hello()), coded('pairing-wrong'), 'a second guess');
  }
});

test('N60 a directory in the place of who made the code: the newcomer takes nothing from it', () => {
  const { newcomer } = pair();
  const false_ = new PairingHost({ ...INIT, words: 'zoo zoo zoo' }, seededRandom('directory'));
  const proof = newcomer.prove(false_.meet(newcomer.hello()), ASKS);
  assert.throws(() => false_.judge(proof), coded('pairing-wrong'), 'nor does it learn what is asked for');
  // What the newcomer itself has said, and noise of the right form, are no answer.
  assert.throws(() => newcomer.take(proof), coded('pairing-wrong'));
  const other = pair({}, 2);
  other.host.judge(other.newcomer.prove(other.host.meet(other.newcomer.hello()), ASKS));
  assert.throws(() => newcomer.take(other.host.give(GIFT)), coded('pairing-wrong'), 'of another run');
});

test('N60 a directory that passes all on but changes a byte of it', () => {
  const { newcomer, host } = pair();
  const met = host.meet(newcomer.hello());
  const proof = newcomer.prove(met, ASKS);
  assert.deepEqual(host.judge(proof), ASKS);
  const given = host.give(GIFT);
  for (let at = 40; at < given.length; at += 7) {
    const changed = Uint8Array.from(given, (byte, index) => (index === at ? byte ^ 1 : byte));
    assert.throws(() => newcomer.take(changed));
  }
  assert.deepEqual(newcomer.take(given), GIFT);
});

test('a code as it is said, typed and copied', () => {
  const words = newWords(seededRandom(7));
  const code = { number: 4711, words };
  assert.deepEqual(parseCode(formatCode(code)), code);
  assert.deepEqual(parseCode(formatCodeLink(LINK, code)), { ...code, link: LINK });
  assert.deepEqual(parseCode('  4711 - Apple, BANANA\tcherry '), INIT_CODE);
  assert.deepEqual(parseCode('4711 appl bana cher'), INIT_CODE);
});
const INIT_CODE = { number: INIT.number, words: INIT.words };

test('what is no code is told before it is tried', () => {
  for (const [text, message] of [
    ['', /begins with a number/],
    ['apple banana cherry', /begins with a number/],
    ['47 apple banana cherry', /begins with a number/],
    ['4711 apple banana', /has 2 behind/],
    ['4711 apple banana cherry date', /has 4 behind/],
    ['4711 apple bannana cherry', /Word 2/],
    ['4711 app banana cherry', /Word 1/],
  ] as const) {
    assert.throws(
      () => parseCode(text),
      (error) => hasCode(error, 'code-invalid') && message.test(error.message),
      text,
    );
  }
  assert.throws(
    () => parseCode('4711 apple bananna cherry'),
    (error) => hasCode(error, 'code-invalid') && error.hint === "Did you mean 'banana'?",
  );
});
