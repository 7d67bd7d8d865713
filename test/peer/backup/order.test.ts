import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergedOrder, type Placed } from '../../../src/peer/backup/order.js';

const line = (id: string, at: number): Placed => ({ id, at });
const ids = (lines: readonly Placed[]): string => lines.map(({ id }) => id).join('');

/** Two devices that got some of the same lines in the same order. */
const devices = fc
  .array(fc.record({ at: fc.nat(20), where: fc.constantFrom('here', 'there', 'both') }), { maxLength: 40 })
  .map((all) => all.map(({ at, where }, index) => ({ line: line(String.fromCharCode(0x100 + index), at), where })))
  .map((all) => ({
    here: all.filter(({ where }) => where !== 'there').map(({ line: one }) => one),
    there: all.filter(({ where }) => where !== 'here').map(({ line: one }) => one),
  }));

const isWithin = (part: readonly Placed[], whole: readonly Placed[]): boolean => {
  let at = 0;
  for (const one of whole) if (part[at]?.id === one.id) at++;
  return at === part.length;
};

test('lines of two devices come into one order, the same on both, which keeps the order of each', () => {
  fc.assert(
    fc.property(devices, ({ here, there }) => {
      const merged = mergedOrder(here, there);
      assert.ok(isWithin(here, merged) && isWithin(there, merged), ids(merged));
      assert.equal(new Set(merged.map(({ id }) => id)).size, merged.length);
      assert.equal(merged.length, new Set([...here, ...there].map(({ id }) => id)).size);
      assert.deepEqual(mergedOrder(merged, there), merged);
      assert.deepEqual(mergedOrder(there, here), merged);
    }),
  );
});

test('what both have in another order stays as it is here', () => {
  const [a, b, c] = [line('a', 1), line('b', 2), line('c', 3)];
  assert.equal(ids(mergedOrder([a, b], [b, c, a])), 'abc');
});
