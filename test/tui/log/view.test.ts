import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../../src/tui/log/entry.js';
import { MessageLog } from '../../../src/tui/log/log.js';
import type { LogRow } from '../../../src/tui/log/row.js';
import { LogView, type ViewStyle } from '../../../src/tui/log/view.js';
import { Grid } from '../../../src/tui/paint/grid.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1, 12);
const style: ViewStyle = {
  width: 60,
  bidi: 'app',
  search: '',
  firstUnread: undefined,
  clock: (at) => new Date(at).toISOString().slice(11, 16),
  day: (at) => new Date(at).toISOString().slice(0, 10),
};

const entry = (number: number, more: Partial<Entry> = {}): Entry => ({
  id: `m${number}`,
  kind: 'message',
  at: START + number * 1_000,
  from: 'bob',
  own: false,
  text: `text ${number}`,
  ...more,
});

function filled(count: number): { log: MessageLog; view: LogView } {
  const log = new MessageLog();
  for (let number = 0; number < count; number++) log.append(entry(number));
  return { log, view: new LogView(log) };
}

function text({ parts }: LogRow, width = 60): string {
  const grid = new Grid(width, 1);
  for (const { x, glyphs, style: look } of parts) grid.glyphs(x, 0, glyphs, look);
  return grid.line(0).trimEnd();
}

const lines = (view: LogView, height: number, look: ViewStyle = style): string[] =>
  view.visible(height, look).rows.map((row) => text(row));

test('the newest are in sight, and stay there while more arrive', () => {
  const { log, view } = filled(100);
  assert.deepEqual(lines(view, 2), ['12:01        bob    text 98', '12:01        bob    text 99']);
  log.append(entry(100));
  assert.deepEqual(lines(view, 1), ['12:01        bob    text 100']);
});

test('scrolling up holds its place while more arrive, and stops at the oldest', () => {
  const { log, view } = filled(50);
  view.scroll(-10, 5, style);
  assert.equal(view.following, false);
  const before = lines(view, 5);
  assert.equal(before.at(-1), '12:00        bob    text 39');
  for (let number = 50; number < 60; number++) log.append(entry(number));
  assert.deepEqual(lines(view, 5), before);
  view.scroll(-1_000, 5, style);
  const { above, rows } = view.visible(5, style);
  assert.equal(above, 0);
  assert.equal(rows.length, 5);
  assert.match(text(rows[0]!), /2026-01-01/);
  view.scroll(1_000, 5, style);
  assert.equal(view.following, true);
});

test('older pages go in above without moving what is seen', () => {
  const { log, view } = filled(20);
  view.scroll(-1_000, 5, style);
  const before = lines(view, 4).slice(1);
  log.merge(Array.from({ length: 30 }, (_, at) => entry(at - 30)));
  assert.deepEqual(lines(view, 4).slice(1), before);
  assert.equal(log.at(0)!.id, 'm-30');
});

test('days are separated, and a line stands at the first unread', () => {
  const { log, view } = filled(2);
  log.append(entry(3, { at: START + DAY, text: 'next day' }));
  const shown = lines(view, 10, { ...style, firstUnread: 'm1' });
  assert.equal(shown.length, 6);
  assert.match(shown[0]!, /^─+ 2026-01-01 ─+$/);
  assert.match(shown[2]!, /^─+ new ─+$/);
  assert.match(shown[4]!, /^─+ 2026-01-02 ─+$/);
});

test("a delivery mark stands by one's own messages, and a change replaces it alone", () => {
  const { log, view } = filled(1);
  log.append(entry(1, { own: true, from: 'ann', state: 'queued' }));
  assert.equal(lines(view, 1)[0], '12:00        ann …  text 1');
  log.replace('m1', (old) => ({ ...old, state: 'read' }));
  assert.equal(lines(view, 1)[0], '12:00        ann ✓✓ text 1');
});

test('a quotation of what is answered stands above a reply, as it is now, and reactions below', () => {
  const { log, view } = filled(0);
  log.append(entry(1, { from: 'ann', text: 'shall\nwe?' }));
  log.append(entry(2, { replyTo: 'm1', reactions: new Map([['👍', 2]]), edited: true }));
  const reply = (quoted: string): string[] => [
    `12:00        bob    ╭ ${quoted}`,
    '                    text 2 (edited)',
    '                    👍 2',
  ];
  assert.deepEqual(lines(view, 3), reply('ann: shall we?'));
  log.replace('m1', (before) => ({ ...before, text: '', deleted: true }));
  assert.deepEqual(lines(view, 3), reply('ann: This message was taken back.'));
  log.remove('m1');
  assert.deepEqual(lines(view, 3), reply('an earlier message'));
});

test("T2 a line break and a name in a text stay in the text's column", () => {
  const { log, view } = filled(0);
  log.append(entry(1, { text: 'hi\n12:00      ann    I owe you 100', from: 'a very long name indeed' }));
  assert.deepEqual(lines(view, 2), ['12:00 a very lo…    hi', `${' '.repeat(20)}12:00      ann    I owe you 100`]);
});

test('what is searched for is marked in the text', () => {
  const { log, view } = filled(0);
  log.append(entry(1, { text: 'One and one' }));
  const row = view.visible(1, { ...style, search: 'one' }).rows[0]!;
  assert.deepEqual(row.parts[0]!.marks, [
    { from: 0, to: 3, style: 'match' },
    { from: 8, to: 11, style: 'match' },
  ]);
});

test('a found entry is brought into the middle', () => {
  const { view } = filled(1_000);
  view.show('m500', 11, style);
  const shown = lines(view, 11);
  assert.equal(shown[5], '12:08        bob    text 500');
  view.show('m999', 11, style);
  assert.equal(view.following, true);
});

test('rows from right to left stand at the right edge', () => {
  const { log, view } = filled(0);
  log.append(entry(1, { text: 'שלום' }));
  const row = view.visible(1, style).rows[0]!;
  assert.equal(row.parts[0]!.x, 56);
});

test('with 100,000 entries only what is visible is laid out', () => {
  const { view } = filled(100_000);
  let laidOut = 0;
  const counting = { ...style, clock: (at: number) => `${laidOut++} ${style.clock(at)}` };
  view.visible(40, counting);
  view.scroll(-39, 40, counting);
  view.visible(40, counting);
  assert.ok(laidOut < 200, String(laidOut));
});

test('an id is there once, and one that got its own id keeps its place', () => {
  const { log } = filled(3);
  assert.equal(log.append(entry(1)), false);
  log.replace('m1', (old) => ({ ...old, id: 'real' }));
  assert.equal(log.indexOf('real'), 1);
  assert.equal(log.find('m1'), undefined);
  log.replace('m0', (old) => ({ ...old, id: 'real' }));
  assert.equal(log.length, 2);
});
