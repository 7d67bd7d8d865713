import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bounds, ordered, path, segments, unordered } from '../../src/store/keys.js';
import { code } from './support.js';

describe('keys', () => {
  const segment = fc.string({ minLength: 1, maxLength: 8, unit: 'binary' });

  it('are made from any text, and no two texts make the same one', () => {
    void fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (parts) => {
        const key = path(...parts);
        assert.match(key, /^[A-Za-z0-9_.~@%/-]+$/);
        assert.deepEqual(segments(key), parts);
      }),
    );
  });

  it('hold numbers that sort as numbers', () => {
    void fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        assert.equal(ordered(a) < ordered(b), a < b);
        assert.equal(unordered(ordered(a)), a);
        assert.equal(path('n', a), `n/${ordered(a)}`);
      }),
    );
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => ordered(wrong), code('store-key'));
  });

  it('refuse what no key can be made of', () => {
    assert.throws(() => path(''), code('store-key'));
    assert.throws(() => path('\ud800'), code('store-key'));
    assert.throws(() => path('x'.repeat(401)), code('store-key'));
  });

  it('have bounds that combine prefix, from and to', () => {
    assert.deepEqual(bounds({}), { from: '', to: '\x7f' });
    assert.deepEqual(bounds({ prefix: 'a/' }), { from: 'a/', to: 'a/\x7f' });
    assert.deepEqual(bounds({ prefix: 'a/', from: 'a', to: 'a/5' }), { from: 'a/', to: 'a/5' });
    assert.deepEqual(bounds({ prefix: 'a/', from: 'a/3', to: 'b' }), { from: 'a/3', to: 'a/\x7f' });
  });
});
