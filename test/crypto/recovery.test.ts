import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { SigningKey } from '../../src/crypto/keys.js';
import {
  identityOf,
  isRecovery,
  openByRecovery,
  phraseOf,
  sealForRecovery,
  signRecovery,
} from '../../src/crypto/recovery.js';

const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const account = { directoryId: 'D'.repeat(43), folded: 'ada' };

test('a phrase is the identity key, as BIP-39 has it', () => {
  // From the vectors of BIP-39: 32 bytes of 0x80.
  const phrase =
    'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid ' +
    'letter advice cage absurd amount doctor acoustic bless';
  const identity = SigningKey.fromSeed(bytes(0x80));
  assert.equal(phraseOf(identity), phrase);
  assert.deepEqual(identityOf(phrase).publicKey, identity.publicKey);
});

test('words are taken as people write them down: numbered, in capitals, over several lines', () => {
  const identity = SigningKey.generate(systemRandom);
  const words = phraseOf(identity).split(' ');
  const written = words.map(
    (word, at) => `${at + 1}. ${at % 2 ? word.toUpperCase() : word}${at % 4 === 3 ? '\r\n' : '\t'}`,
  );
  assert.deepEqual(identityOf(written.join('')).publicKey, identity.publicKey);
});

test('a missing, a mistyped and a wrong word are each told', () => {
  const words = phraseOf(SigningKey.fromSeed(bytes(7))).split(' ');
  const refusal = (phrase: readonly string[]) => {
    try {
      identityOf(phrase.join(' '));
    } catch (error) {
      assert.ok(hasCode(error, 'phrase-invalid'));
      return `${error.message} ${error.hint}`;
    }
    throw new assert.AssertionError({ message: 'it was taken' });
  };
  assert.match(refusal(words.slice(1)), /24 words, and that has 23/);
  assert.match(refusal(words.with(4, 'abandn')), /^Word 5 .*'abandon'/);
  assert.match(refusal([words[1]!, words[0]!, ...words.slice(2)]), /do not belong together/);
});

test('a proof is for one channel, one request, one account and one directory', () => {
  const identity = SigningKey.fromSeed(bytes(1));
  const [exporter, request] = [bytes(2), bytes(3)];
  const proof = signRecovery(identity, account, exporter, request);
  const good = (change: { account?: typeof account; exporter?: Uint8Array; request?: Uint8Array; key?: SigningKey }) =>
    isRecovery(
      (change.key ?? identity).publicKey,
      change.account ?? account,
      change.exporter ?? exporter,
      change.request ?? request,
      proof,
    );
  assert.ok(good({}));
  assert.ok(!good({ exporter: bytes(4) }));
  assert.ok(!good({ request: bytes(4) }));
  assert.ok(!good({ key: SigningKey.fromSeed(bytes(4)) }));
  assert.ok(!good({ account: { ...account, folded: 'bob' } }));
  assert.ok(!good({ account: { ...account, directoryId: 'E'.repeat(43) } }));
});

test('the vault opens for the identity it was sealed for, and no other', () => {
  const identity = SigningKey.fromSeed(bytes(1));
  const sealed = sealForRecovery(bytes(9), identity, systemRandom);
  assert.deepEqual(openByRecovery(sealed, identity), bytes(9));
  assert.equal(openByRecovery(sealed, SigningKey.fromSeed(bytes(2))), undefined);
});
