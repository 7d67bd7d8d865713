import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseNatsAddress } from '../../src/store/nats/address.js';
import { keyOf, subjectOf } from '../../src/store/nats/subjects.js';
import { code } from './support.js';

it('an address names servers, and what else can be said of the store', () => {
  assert.deepEqual(parseNatsAddress('nats://a,b:4333,[::1]:4222'), { servers: ['a:4222', 'b:4333', '[::1]:4222'] });
  assert.deepEqual(parseNatsAddress('nats://a?name=school&replicas=1'), {
    servers: ['a:4222'],
    name: 'school',
    replicas: 1,
  });
  for (const text of [
    'nats://',
    'level',
    'nats://a b',
    'nats://a:0',
    'nats://a:70000',
    'nats://a?x=1',
    'nats://a?replicas=2',
    'nats://a,',
  ]) {
    assert.throws(() => parseNatsAddress(text), code('store-address'), text);
  }
});

it('X1 a password in an address is refused: every user of the machine would see it', () => {
  assert.throws(
    () => parseNatsAddress('nats://me:secret@a'),
    (error: Error) => {
      assert.ok(!error.message.includes('secret'));
      return code('store-address')(error);
    },
  );
});

it('every key is a subject, and comes back from it', () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
  for (const key of [
    ...printable,
    printable.join(''),
    '/',
    '//',
    'a/',
    '/a',
    'a//b',
    '=',
    '=41',
    '>',
    '*',
    'a.b/c.d',
  ]) {
    const subject = subjectOf(key);
    assert.equal(keyOf(subject), key);
    assert.match(subject, /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/);
  }
});
