import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventLines } from '../../src/cli/events.js';
import { commands } from '../../src/commands/commands.js';
import { groupWords, moderationWords } from '../../src/commands/event-words.js';
import { roleRights } from '../../src/commands/help.js';
import type { GroupChange, ModerationEvent } from '../../src/peer/api/events.js';

const now = Date.UTC(2026, 0, 1, 12);

const CHANGES: readonly GroupChange[] = ['created', 'invited', 'joined', 'left', 'added', 'removed', 'kicked'];
const ACTIONS: readonly ModerationEvent['action'][] = [
  ...(['ban', 'unban', 'kick', 'silence', 'unsilence', 'role', 'settings'] as const),
];

test('every event has all its words, for whom it concerns and for others', () => {
  const whole = {
    reason: 'spam',
    until: '2026-01-02T00:00:00.000Z',
    role: 'advanced',
    slow: 5,
    readOnly: false,
  } as const;
  for (const action of ACTIONS) {
    for (const group of [undefined, '#team']) {
      const event: ModerationEvent = {
        event: 'moderation',
        action,
        user: 'bob',
        by: 'ann',
        ...whole,
        ...(group && { group }),
      };
      const [line = ''] = eventLines(event, now, 'shell', 'cat');
      assert.ok(line.includes(group ?? 'the whole directory'), line);
      assert.match(line, / by ann .*: spam$/, line);
      if (action !== 'settings') assert.match(moderationWords(event, now, 'bob'), /^You (are|were) /);
      assert.doesNotMatch(moderationWords({ ...event, by: '' }, now, 'bob'), /\bby\b/);
    }
  }
  for (const change of CHANGES) {
    const said = groupWords({ event: 'group', group: '#team', change, user: 'bob', by: 'ann' }, 'bob');
    assert.match(said, /^You .* by ann$/);
    assert.doesNotMatch(groupWords({ event: 'group', group: '#team', change, user: 'bob', by: 'bob' }), /\bby\b/);
  }
});

test('the rights of each role are told, from the table', () => {
  const rights = roleRights(commands);
  assert.deepEqual(
    rights.map((line) => line.split(':')[0]),
    ['beginner', 'advanced', 'admin', 'super-admin'],
  );
  for (const { name, least } of commands) {
    if (least !== 'beginner') assert.ok(rights.find((line) => line.startsWith(`${least}:`))?.includes(name), name);
  }
});

test('a ban or its end says where it holds, and what it does to groups', () => {
  const context = { face: 'shell', commands, now: () => now } as const;
  const said = (name: string, group?: string): readonly string[] =>
    commands
      .find((each) => each.name === name)!
      .lines({ event: 'moderation', action: name, user: 'bob', by: 'ann', ...(group && { group }) }, context);
  for (const name of ['ban', 'unban']) {
    assert.match(said(name, '#team').join(), /#team\.$/);
    assert.match(said(name).join(), /whole directory\..*by invitation have to invite them again/);
  }
});
