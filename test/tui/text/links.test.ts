import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksIn } from '../../../src/tui/text/links.js';

const found = (text: string): string[] => linksIn(text).map(({ from, to, href }) => `${text.slice(from, to)} ${href}`);

test('addresses are found without what ends a sentence, and nothing but http, https and mailto', () => {
  assert.deepEqual(found('see https://example.org/a?b=1, (http://x.test/w_(y)) or mailto:ann@example.org.'), [
    'https://example.org/a?b=1 https://example.org/a?b=1',
    'http://x.test/w_(y) http://x.test/w_(y)',
    'mailto:ann@example.org mailto:ann@example.org',
  ]);
  for (const text of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ssh://x',
    'https://',
    'xhttps://a.b',
    'data:text/html,x',
  ])
    assert.deepEqual(found(text), [], text);
});

test('what a terminal obeys is never part of an address, and other scripts are written as they are asked for', () => {
  assert.deepEqual(found('https://a.test/\x1b\\x'), ['https://a.test/\x1b\\x https://a.test/%1B/x']);
  for (const { href } of linksIn('https://пример.test/ש?q=漢 http://a.test/\x9c\x07;x'))
    assert.match(href, /^[\x21-\x7e]+$/);
  assert.deepEqual(found(`https://a.test/${'x'.repeat(3_000)}`), []);
});
