import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openArchived, sealArchived } from '../../src/crypto/archive.js';
import { signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('archive lengths');
const [identity, device] = [SigningKey.generate(random), SigningKey.generate(random)];
const account = { directoryId: 'd'.repeat(43), folded: 'ann' };
const author = { user: 'ann', key: device, statement: signDevice(identity, account, device.publicKey) };
const place = { directoryId: account.directoryId, group: random.bytes(16), epoch: 7, id: random.bytes(16) };
const key = random.bytes(32);

test('N15 what is sealed for shared history has lengths in steps of 256 bytes', () => {
  const lengths = new Set<number>();
  for (let size = 0; size < 1_100; size++) {
    const content = random.bytes(size);
    const sealed = sealArchived(key, place, { author, content, random });
    lengths.add(sealed.length);
    const opened = openArchived(sealed, key, place, () => identity.publicKey);
    assert.deepEqual(opened.content, content);
    assert.deepEqual(Object.keys(opened).sort(), ['content', 'deviceKey', 'signature', 'statement', 'user']);
  }
  const steps = [...lengths].sort((a, b) => a - b);
  for (const [at, length] of steps.entries())
    assert.ok(at === 0 || (length - steps[at - 1]!) % 256 === 0, String(steps));
  assert.ok(steps.length <= 7, String(steps));
});
