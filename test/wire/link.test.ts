import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { formatLink, isFingerprint, parseLink } from '../../src/wire/link.js';

const fingerprint = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';

const refused = (text: string): void =>
  assert.throws(
    () => parseLink(text),
    (error: unknown) => hasCode(error, 'link-invalid') && error.reason === 'usage' && error.hint !== '',
    text,
  );

test('a link names host, port and fingerprint, and is printed as it was read', () => {
  for (const [host, shown] of [
    ['chat.example', 'chat.example'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '[2001:db8::1]'],
  ] as const) {
    const text = `p2pchat://${shown}:4433#${fingerprint}`;
    assert.deepEqual(parseLink(text), { host, port: 4433, fingerprint });
    assert.equal(formatLink(parseLink(text)), text);
  }
});

test('what pasting and typing do to a link does no harm', () => {
  const expected = { host: 'chat.example', port: 4433, fingerprint };
  for (const text of [
    `  p2pchat://chat.example:4433#${fingerprint}\n`,
    `P2PCHAT://Chat.Example:4433/#${fingerprint}`,
    `p2pchat://chat.example:04433#${fingerprint}`,
  ]) {
    assert.deepEqual(parseLink(text), expected);
  }
  assert.equal(parseLink(`p2pchat://[2001:0DB8:0:0::1]:1#${fingerprint}`).host, '2001:db8::1');
  assert.equal(parseLink(`p2pchat://bücher.example:1#${fingerprint}`).host, 'xn--bcher-kva.example');
});

test('what is not a link is refused with the form it should have', () => {
  for (const text of [
    '',
    'chat.example',
    `https://chat.example:1#${fingerprint}`,
    'p2pchat://chat.example:4433',
    `p2pchat://chat.example#${fingerprint}`,
    `p2pchat://:4433#${fingerprint}`,
    `p2pchat://chat.example:0#${fingerprint}`,
    `p2pchat://chat.example:65536#${fingerprint}`,
    `p2pchat://2001:db8::1:4433#${fingerprint}`,
    `p2pchat://[2001:db8::g]:4433#${fingerprint}`,
    `p2pchat://user@chat.example:4433#${fingerprint}`,
    `p2pchat://chat.example:4433/path#${fingerprint}`,
    `p2pchat://chat.example:4433?q#${fingerprint}`,
    `p2pchat://chat.example:4433#${fingerprint.slice(1)}`,
    `p2pchat://chat.example:4433#${fingerprint}A`,
    `p2pchat://${'a'.repeat(300)}:4433#${fingerprint}`,
  ]) {
    refused(text);
  }
});

test('a fingerprint has one spelling', () => {
  assert.ok(isFingerprint(fingerprint));
  refused(`p2pchat://chat.example:4433#${fingerprint.slice(0, -1)}h`);
  assert.equal(isFingerprint(fingerprint.replace('-', '+')), false);
});
