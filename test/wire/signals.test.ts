import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../src/wire/cbor.js';
import { SIGNAL_BYTES } from '../../src/wire/limits.js';
import { decodeSignal, encodeSignal, type Signal } from '../../src/wire/signals.js';

test('all signals are of one length, so that the directory cannot tell them apart', () => {
  const times = [0, 1_767_225_600_000];
  const signals = times.flatMap((at): Signal[] => [
    { type: 'typing', active: true, at },
    { type: 'typing', active: false, at },
    ...[0, 23, 24, 255, 65_535, 2 ** 32, Number.MAX_SAFE_INTEGER].map(
      (through): Signal => ({ type: 'read', through, at }),
    ),
  ]);
  for (const signal of signals) {
    const encoded = encodeSignal(signal);
    assert.equal(encoded.length, SIGNAL_BYTES, JSON.stringify(signal));
    const { pad: _, ...back } = decodeSignal(encoded) as Signal & { pad: Uint8Array };
    assert.deepEqual(back, signal);
  }
});

test('M2 what is no signal is refused by its form', () => {
  const pad = new Uint8Array(8);
  for (const wrong of [
    { type: 'waving', at: 1, pad },
    { type: 'typing', at: 1, pad },
    { type: 'read', through: -1, at: 1, pad },
  ]) {
    assert.throws(() => decodeSignal(encodeCbor(wrong)), { code: 'malformed' });
  }
  const more = decodeSignal(encodeCbor({ type: 'typing', active: true, at: 1, pad, mood: 'good' }));
  assert.equal(more.type, 'typing');
});
