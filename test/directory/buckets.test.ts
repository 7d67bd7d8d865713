import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey } from '../../src/directory/guard/address.js';
import { rateLimited, TokenBuckets } from '../../src/directory/guard/token-bucket.js';

test('a bucket gives its burst at once, then its rate, and says how long to wait', () => {
  const buckets = new TokenBuckets({ burst: 40, perSecond: 20 }, 10);
  for (let i = 0; i < 40; i++) assert.equal(buckets.take('alice', 0), 0);
  assert.equal(buckets.take('alice', 0), 50);
  assert.equal(buckets.take('bob', 0), 0, 'each key has its own');
  assert.equal(buckets.take('alice', 50), 0);
  let taken = 0;
  for (let now = 1_000; now < 11_000; now += 10) if (buckets.take('alice', now) === 0) taken++;
  assert.ok(taken <= 20 * 10 + 20, `${taken} in ten seconds`);
});

test('what costs more than a bucket holds takes a full one, and what follows waits for the rest too', () => {
  const buckets = new TokenBuckets({ burst: 4, perSecond: 2 }, 10);
  assert.equal(buckets.take('a', 0, 10), 0);
  assert.equal(buckets.take('a', 0, 1), 3_500);
  assert.equal(buckets.take('a', 3_500, 1), 0);
  assert.equal(buckets.take('a', 3_500, 10), 2_000);
});

test('A6 of too many keys the emptiest buckets are kept', () => {
  const buckets = new TokenBuckets({ burst: 10, perSecond: 0.001 }, 100);
  for (let i = 0; i < 10; i++) buckets.take('flooder', 0);
  for (let i = 0; i < 5_000; i++) buckets.take(`key${i}`, 0);
  assert.ok(buckets.size <= 101);
  assert.ok(buckets.take('flooder', 0) > 0);
});

test('the refusal names the seconds', () => {
  const failure = rateLimited('more than 20 messages a second', 350);
  assert.equal(failure.code, 'rate-limited');
  assert.equal(failure.reason, 'limit');
  assert.equal(failure.details.seconds, 0.35);
  assert.match(failure.message, /wait 1 s/);
});

test('addresses count by IPv4 address and IPv6 network', () => {
  assert.equal(addressKey('192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(addressKey('2001:0db8:1:2::1'), addressKey('2001:db8:1:2:ffff::'));
  assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
  assert.equal(addressKey('::1'), '0:0:0:0::/64');
  assert.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
});
