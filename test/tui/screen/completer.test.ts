import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandInfo } from '../../../src/tui/commands.js';
import { ChatModel } from '../../../src/tui/model/model.js';
import { completer } from '../../../src/tui/screen/completer.js';

const commands: readonly CommandInfo[] = [
  { name: 'msgto', usage: '', about: '', takes: ['user', 'text'] },
  { name: 'history', usage: '', about: '', takes: ['conversation', 'text'] },
  { name: 'upload', usage: '', about: '', takes: ['path'] },
  { name: 'join', usage: '', about: '', takes: ['group'] },
  { name: 'p2pfile', usage: '', about: '', takes: ['conversation', 'path'] },
  { name: 'help', usage: '', about: '', takes: ['command'] },
  { name: 'mouse', usage: '', about: '', takes: [['on', 'off']] },
  { name: 'quit', usage: '', about: '', takes: [] },
];

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '.': ['docs/', 'do.txt', '.hidden', 'my film.mp4', 'my files/'],
  'docs/': ['a.md'],
  'my files/': ['b c.md'],
};

function options(text: string): readonly string[] {
  const model = new ChatModel('ann', 'online');
  for (const user of ['bob', 'bea', 'carol']) model.people.person(user);
  model.conversation('#lobby');
  model.groups.group('#general').state = 'none';
  const complete = completer({ model, commands, listFolder: (folder) => FOLDERS[folder] ?? [] });
  return complete(text, text.length)?.options ?? [];
}

test('commands are completed at the start of a line only', () => {
  assert.deepEqual(options('/h'), ['/history ', '/help ']);
  assert.deepEqual(options('see /h'), []);
});

test('what a command takes is completed by its place', () => {
  assert.deepEqual(options('/msgto b'), ['bea ', 'bob ']);
  assert.deepEqual(options('/msgto @b'), ['@bea ', '@bob ']);
  assert.deepEqual(options('/history #'), ['#lobby ']);
  assert.deepEqual(options('/help m'), ['msgto ', 'mouse ']);
  assert.deepEqual(options('/mouse o'), ['on ', 'off ']);
  assert.deepEqual(options('/quit x'), []);
});

test('paths are completed folder by folder, hidden ones when asked for', () => {
  assert.deepEqual(options('/upload do'), ['docs/', 'do.txt ']);
  assert.deepEqual(options('/upload docs/'), ['docs/a.md ']);
  assert.deepEqual(options('/upload .h'), ['.hidden ']);
  assert.deepEqual(options('/upload nowhere/'), []);
});

test('names with spaces are put between quotes, and folders are gone into inside of them', () => {
  assert.deepEqual(options('/upload my'), ['"my film.mp4" ', '"my files/']);
  assert.deepEqual(options('/p2pfile bob "my fi'), ['"my film.mp4" ', '"my files/']);
  assert.deepEqual(options('/p2pfile bob "my files/'), ['"my files/b c.md" ']);
  assert.deepEqual(options('/p2pfile bob "my film.mp4" do'), ['docs/', 'do.txt ']);
});

test('groups that could be entered are offered too', () => {
  assert.deepEqual(options('/join '), ['general ', 'lobby ']);
  assert.deepEqual(options('/join #g'), ['#general ']);
});

test('names are completed in any text behind an @', () => {
  assert.deepEqual(options('ask @c'), ['@carol ']);
  assert.deepEqual(options('ask c'), []);
});
