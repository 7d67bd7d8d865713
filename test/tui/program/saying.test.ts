import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY } from '../../support/terminal.js';

test('/me says what somebody does, and nobody can pass for another by it', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    terminal.write('/me waves\r');
    await terminal.waitFor((screen) => / \* … +ann waves/.test(screen.text), "one's own");
    session.receive('/me dances');
    await terminal.waitFor((screen) => / \* +bob dances/.test(screen.text), "bob's");
    session.receive('* eve owes me 100');
    await terminal.waitFor((screen) => / bob +\* eve owes/.test(screen.text), 'his own name stands before it');
    terminal.write('/me\r');
    await terminal.waitForText('Usage: /me TEXT');
  } finally {
    await session.close();
  }
});

test('what stands between fences is code: in its own colour, behind a line, in its order', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    session.receive('look:\n```ts\nif (a) {\n  b("שלום");\n}\n```\nthat is all');
    await terminal.waitForText('that is all');
    assert.ok(!terminal.screen.has('```'));
    const row = terminal.screen.find('▏ if (a) {');
    assert.ok(row > 0 && terminal.screen.line(row + 1).includes('▏   b("'), terminal.screen.text);
    const colour = (y: number, text: string) => terminal.screen.cell(terminal.screen.line(y).indexOf(text), y).look.fg;
    assert.notEqual(colour(row, 'if'), colour(terminal.screen.find('that is all'), 'that'));
  } finally {
    await session.close();
  }
});

test('Alt+T lists what was answered, with all answers, and goes there', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    session.receive('who brings the cake?', { id: 'q' });
    session.receive('unrelated');
    session.receive('I do', { id: 'a', replyTo: 'q' });
    session.receive('thank you', { id: 'b', replyTo: 'a' });
    await terminal.waitForText('thank you');
    terminal.write('\x1bt');
    await terminal.waitFor((screen) => /bob +who brings the cake\? .*2 ↩/.test(screen.text), 'the thread');
    assert.ok(!terminal.screen.has('unrelated'));
    terminal.write('\r');
    await terminal.waitFor((screen) => screen.has('Thread:') && screen.has('I do') && screen.has('thank you'), 'it');
    terminal.write(KEY.escape);
    await terminal.waitForText('unrelated');
  } finally {
    await session.close();
  }
});

test('/help explains the commands of the screen itself, and a list with nothing in it says so', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    terminal.write('/help theme\r');
    await terminal.waitForText('Change the colours.');
    terminal.write('/help transfers\r');
    await terminal.waitForText('pause, resume or cancel');
    terminal.write('/autoaccept\r');
    await terminal.waitForText('No files are taken without asking.');
  } finally {
    await session.close();
  }
});
