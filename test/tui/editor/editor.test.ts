import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Editor } from '../../../src/tui/editor/editor.js';

function typed(text: string): Editor {
  const editor = new Editor();
  editor.type(text);
  return editor;
}

test('the caret and backspace go by graphemes', () => {
  const editor = typed('a👩\u200d💻שָׁ');
  editor.left();
  editor.backspace();
  assert.equal(editor.text, `a${'שָׁ'.normalize('NFC')}`);
  editor.end();
  editor.backspace();
  assert.equal(editor.text, 'a');
  editor.home();
  editor.delete();
  assert.equal(editor.text, '');
  editor.backspace();
  editor.delete();
});

test('a mark or a joiner typed by itself belongs to the letter before it', () => {
  const editor = typed('e');
  editor.type('\u0301');
  assert.equal(editor.text, 'e\u0301');
  editor.backspace();
  assert.equal(editor.text, '');
  for (const part of ['می', '\u200c', 'روم']) editor.type(part);
  assert.equal(editor.text, 'می\u200cروم');
});

test('words are walked and killed, and what was killed comes back', () => {
  const editor = typed('send the file');
  editor.wordLeft();
  editor.wordLeft();
  assert.equal(editor.cursor, 5);
  editor.killWordAfter();
  assert.equal(editor.text, 'send  file');
  editor.end();
  editor.yank();
  assert.equal(editor.text, 'send  filethe');
  editor.killToStart();
  assert.equal(editor.text, '');
  editor.yank();
  editor.killWordBefore();
  assert.equal(editor.text, 'send  ');
  editor.home();
  editor.wordRight();
  editor.killToEnd();
  assert.equal(editor.text, 'send');
});

test('undo takes back word by word, and a kill at once', () => {
  const editor = new Editor();
  for (const letter of 'one two') editor.type(letter);
  editor.undo();
  assert.equal(editor.text, 'one ');
  editor.undo();
  assert.equal(editor.text, 'one');
  editor.undo();
  assert.equal(editor.text, '');
  editor.undo();
});

test('several lines: up and down keep the column, and reach the history beyond the edges', () => {
  const editor = typed('earlier');
  assert.equal(editor.submit(), 'earlier');
  editor.type('first');
  editor.newline();
  editor.type('second line');
  editor.up();
  assert.equal(editor.cursor, 5);
  editor.down();
  assert.equal(editor.cursor, 11);
  editor.up();
  editor.up();
  assert.equal(editor.text, 'earlier');
  editor.down();
  assert.equal(editor.text, 'first\nsecond line');
});

test('a short paste goes in, one of many lines waits for consent, and neither sends', () => {
  const editor = typed('x');
  editor.paste('a\r\nb');
  assert.equal(editor.text, 'xa\nb');
  editor.paste('1\n2\n3\n4\n5');
  assert.deepEqual(editor.pendingPaste, { text: '1\n2\n3\n4\n5', lines: 5, tooLong: false });
  assert.equal(editor.text, 'xa\nb');
  editor.dropPaste();
  editor.paste('1\n2\n3\n4\n5');
  editor.keepPaste();
  assert.equal(editor.text, 'xa\nb1\n2\n3\n4\n5');
  assert.equal(editor.pendingPaste, undefined);
});

test('pasted control characters are shown, not kept', () => {
  const editor = new Editor();
  editor.paste('a\x1b[31mb\x07');
  assert.equal(editor.text, 'ab␇');
});

test('one line stays one line, and wiping leaves nothing to bring back', () => {
  const editor = new Editor({ oneLine: true });
  editor.paste('secret\nword');
  editor.newline();
  assert.equal(editor.text, 'secretword');
  editor.killToStart();
  editor.wipe();
  editor.yank();
  editor.undo();
  editor.up();
  assert.equal(editor.text, '');
});

test('completion grows as far as it is clear, then walks through the options both ways', () => {
  const names = ['/joingroup ', '/join '];
  const editor = new Editor({
    completer: (text) => ({ from: 0, options: names.filter((name) => name.startsWith(text)) }),
  });
  editor.type('/jo');
  editor.complete();
  assert.equal(editor.text, '/join');
  assert.deepEqual(editor.offers.options, names);
  editor.complete();
  assert.equal(editor.text, '/joingroup ');
  editor.complete();
  assert.equal(editor.text, '/join ');
  editor.complete(true);
  assert.equal(editor.text, '/joingroup ');
  editor.type('x');
  assert.deepEqual(editor.offers.options, []);
  editor.set('/joing');
  editor.complete();
  assert.equal(editor.text, '/joingroup ');
});

test('whatever is done, the caret stands between graphemes inside the text', () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const action = fc.oneof(
    fc
      .constantFrom('left', 'right', 'wordLeft', 'wordRight', 'home', 'end', 'up', 'down', 'backspace', 'delete')
      .map((name) => ({ name: name as 'left' })),
    fc
      .constantFrom('killWordBefore', 'killWordAfter', 'killToStart', 'killToEnd', 'yank', 'undo', 'newline')
      .map((name) => ({ name: name as 'left' })),
    fc
      .constantFrom('a', ' ', '\u0301', '👩', '\u200d', '💻', 'ש', '漢', '🇫', '🇷')
      .map((text) => ({ name: 'type' as const, text })),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const editor = new Editor();
      for (const step of actions) {
        if (step.name === 'type') editor.type(step.text);
        else editor[step.name]();
        const bounds = new Set(
          Array.from(segmenter.segment(editor.text), ({ index }) => index).concat(editor.text.length),
        );
        assert.ok(bounds.has(editor.cursor));
      }
    }),
  );
});

test('not a character of a long paste is lost, and what is too long for a message is asked about', () => {
  const text = `${'x'.repeat(2_000_000)}end`;
  const editor = typed('see: ');
  editor.paste(text);
  assert.equal(editor.pendingPaste?.tooLong, true);
  editor.keepPaste();
  assert.equal(editor.text, `see: ${text}`);
  assert.equal(editor.isTooLong, true);
  editor.askAboutLength();
  assert.equal(editor.takePaste(), `see: ${text}`);
  assert.equal(editor.text, '');
  editor.undo();
  assert.equal(editor.text, `see: ${text}`);
});

test('a second paste joins the one that is asked about; a message in another script is measured in bytes', () => {
  const editor = new Editor();
  editor.paste('ש'.repeat(8_192));
  assert.equal(editor.text.length, 8_192);
  editor.paste('ל');
  assert.equal(editor.pendingPaste?.tooLong, true);
  editor.paste('ום');
  editor.keepPaste();
  assert.equal(editor.text.slice(-3), 'לום');
});
