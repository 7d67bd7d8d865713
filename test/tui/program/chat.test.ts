import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type TerminalInit, type TerminalSession } from '../../support/terminal.js';

type Body = (terminal: TerminalSession, session: ChatSession) => Promise<void>;

async function chatting(body: Body, init: TerminalInit = {}): Promise<void> {
  const session = await ChatSession.open(init);
  try {
    await body(session.terminal, session);
  } finally {
    await session.close();
  }
}

test('what is written stands in the log with its state, from queued to read', () =>
  chatting(async (terminal, session) => {
    terminal.write('hello bob\r');
    await terminal.waitFor((screen) => /ann … +hello bob/.test(screen.text), 'queued');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'stored' });
    await terminal.waitFor((screen) => /ann ↑ +hello bob/.test(screen.text), 'stored');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'delivered' });
    await terminal.waitFor((screen) => /ann ✓ +hello bob/.test(screen.text), 'delivered');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'read' });
    await terminal.waitFor((screen) => /ann ✓✓ hello bob/.test(screen.text), 'read');
  }));

test('messages elsewhere are counted, mentions marked, and opening them by keyboard or mouse reads them', () =>
  chatting(async (terminal, session) => {
    session.receive('one', { conversation: '#lobby', from: 'eve' });
    session.receive('@ann two', { conversation: '#lobby', from: 'eve' });
    session.receive('three', { conversation: '@carol', from: 'carol' });
    await terminal.waitFor((screen) => /# lobby +@2/.test(screen.text) && /carol +1/.test(screen.text), 'counts');
    await terminal.waitForText('3 unread');
    terminal.write(KEY.altUp);
    await terminal.waitFor((screen) => screen.has('─ new ─') && screen.has('@ann two'), 'the lobby');
    await terminal.waitForText('1 unread');
    const row = terminal.screen.find('carol');
    terminal.write(`\x1b[<0;5;${row + 1}M\x1b[<0;5;${row + 1}m`);
    await terminal.waitFor((screen) => screen.has('three') && !screen.has('unread'), 'carol by mouse');
  }));

test('a command opens the conversation it writes in, an unknown one names the nearest', () =>
  chatting(async (terminal) => {
    terminal.write('/msgto eve good morning\r');
    await terminal.waitFor((screen) => /○ eve/.test(screen.line(0)) && /ann … +good morning/.test(screen.text), 'eve');
    terminal.write('/mgsto bob x\r');
    await terminal.waitForText("Did you mean '/msgto'?");
    terminal.write('/theme pink\r');
    await terminal.waitForText('Usage: /theme dark|light|contrast|plain');
  }));

test('Tab completes commands and names, and shows what there is to choose from', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'presence', user: 'carol', state: 'online' });
    session.emit({ event: 'presence', user: 'carla', state: 'online' });
    terminal.write('/ms\t');
    await terminal.waitForText('› /msgto');
    terminal.write('c\t');
    await terminal.waitForText('carla  carol');
    assert.ok(terminal.screen.has('› /msgto car'));
    terminal.write('\t\t');
    await terminal.waitForText('› /msgto carol');
  }));

test('several lines are written and sent as one; pasting many asks first', () =>
  chatting(async (terminal) => {
    terminal.write(`one${KEY.altEnter}two`);
    await terminal.waitFor((screen) => screen.has('› one') && screen.has('  two'), 'two lines');
    terminal.write('\r');
    await terminal.waitFor((screen) => /ann … +one/.test(screen.text), 'sent');
    terminal.write('\x1b[200~1\n2\n3\n4\n5\n6\x1b[201~');
    await terminal.waitForText('Paste 6 lines?');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('Paste 6 lines?'), 'dropped');
    terminal.write('\x1b[200~a\nb\x1b[201~');
    await terminal.waitFor((screen) => screen.has('› a') && screen.has('  b'), 'pasted without sending');
  }));

test('a secret is asked for without showing it', () =>
  chatting(async (terminal) => {
    terminal.write('/passwd\r');
    await terminal.waitForText('Current password:');
    terminal.write('hunter2');
    await terminal.waitForText('Current password: •••••••');
    terminal.write('\r');
    await terminal.waitForText('New password:');
    terminal.write(KEY.escape);
    await terminal.waitForText('The password was not given.');
    assert.ok(!terminal.output.includes('hunter2'));
  }));

test('searching shows the places found and walks through them', () =>
  chatting(async (terminal, session) => {
    session.receive('the red train');
    for (let number = 0; number < 60; number++) session.receive(`filler ${number}`);
    session.receive('a green train');
    await terminal.waitForText('a green train');
    terminal.write(`${KEY.ctrl('f')}train\r`);
    await terminal.waitForText('2 of 2');
    terminal.write(KEY.up);
    await terminal.waitFor((screen) => screen.has('1 of 2') && screen.has('the red train'), 'the older place');
    const row = terminal.screen.find('the red train');
    const at = terminal.screen.line(row).indexOf('train');
    assert.notDeepEqual(terminal.screen.cell(at, row).look, terminal.screen.cell(at - 2, row).look);
    terminal.write(KEY.escape);
    await terminal.waitForText('a green train');
  }));

test('reading back stays where it is while messages arrive', () =>
  chatting(async (terminal, session) => {
    for (let number = 0; number < 100; number++) session.receive(`line ${number}.`);
    await terminal.waitForText('line 99.');
    terminal.write(KEY.pageUp);
    await terminal.waitForText('reading back');
    const before = terminal.screen.line(5);
    session.receive('newest');
    await terminal.waitForText('1 unread');
    assert.equal(terminal.screen.line(5), before);
    terminal.write(KEY.end);
    await terminal.waitForText('newest');
  }));

test('a lost directory is shown with the time of the next try', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'directory', state: 'offline', retryIn: 3_000 });
    await terminal.waitForText('directory offline, next try in 3 s');
    await terminal.waitForText('next try in 1 s');
    session.emit({ event: 'directory', state: 'online' });
    await terminal.waitForText('● directory');
  }));

test('a changed identity is said where it matters', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'trust', user: 'bob', change: 'changed', fingerprint: 'f' });
    await terminal.waitForText('identity changed: /verify');
    await terminal.waitFor((screen) => /nothing is\s+sent/.test(screen.text), 'what that means');
  }));

test('resizing paints anew, down to very small and back', () =>
  chatting(async (terminal, session) => {
    session.receive('stay with me');
    await terminal.waitForText('stay with me');
    terminal.resize(50, 12);
    await terminal.waitFor(
      (screen) => screen.has('stay with me') && !screen.has('p2pchat ·'),
      'narrow, without the sidebar',
    );
    terminal.resize(10, 3);
    await terminal.waitForText('Too small');
    terminal.resize(120, 40);
    await terminal.waitFor((screen) => screen.has('p2pchat · ann') && screen.line(39).includes('F1 help'), 'large');
  }));

test('the help lists commands and keys; ? opens it on an empty line only', () =>
  chatting(async (terminal) => {
    terminal.write('what');
    terminal.write('?');
    await terminal.waitForText('› what?');
    terminal.write(`${KEY.ctrl('c')}?`);
    await terminal.waitForText('conversation before, after');
    terminal.write(KEY.pageDown.repeat(3));
    await terminal.waitForText('/msgto USER TEXT');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('/msgto USER TEXT'), 'closed');
    terminal.write('/help\r');
    await terminal.waitFor((screen) => screen.has('Help ·') && screen.has('/msgto USER TEXT'), 'the commands');
    assert.ok(!terminal.screen.has('conversation before, after'), 'the keys stand above them');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('/msgto USER TEXT'), 'closed again');
  }));

test('the mouse can be given to the terminal and taken back', () =>
  chatting(async (terminal) => {
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'vt200');
    terminal.write(KEY.f2);
    await terminal.waitForText('Mouse off');
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'none');
    terminal.write(KEY.f2);
    await terminal.waitForText('Mouse on');
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'vt200');
  }));

test('NO_COLOR leaves no colour anywhere, in whatever theme', () =>
  chatting(
    async (terminal, session) => {
      session.receive('hi');
      await terminal.waitForText('direct link');
      terminal.write(KEY.f3);
      await terminal.waitForText('Theme:');
      for (let y = 0; y < 30; y++)
        for (let x = 0; x < 100; x++) {
          const { fg, bg } = terminal.screen.cell(x, y).look;
          assert.deepEqual({ fg, bg }, { fg: -1, bg: -1 });
        }
    },
    { env: { NO_COLOR: '1' } },
  ));

test('the bell rings for what is not in sight, without its text', () =>
  chatting(async (terminal, session) => {
    session.receive('in sight');
    await terminal.waitForText('in sight');
    assert.ok(!terminal.output.includes('\x07'));
    session.receive('secret text', { conversation: '@eve', from: 'eve' });
    await terminal.waitForText('1 unread');
    assert.ok(terminal.output.includes('\x07'));
    assert.ok(!terminal.output.includes('secret text'));
  }));

test('the checklist of the first minutes ticks itself', () =>
  chatting(
    async (terminal, session) => {
      await terminal.waitForText('First minutes 0/5');
      session.emit({ event: 'account', change: 'recovery', state: 'shown' });
      await terminal.waitForText('✓ Save the recovery phrase');
      session.emit({ event: 'sent', id: 'elsewhere', conversation: '@bob', state: 'delivered' });
      await terminal.waitForText('✓ Message someone');
      session.transfer({ direction: 'out', state: 'done' });
      await terminal.waitForText('✓ Send a file');
      session.emit({ event: 'trust', user: 'bob', change: 'verified', fingerprint: 'f' });
      await terminal.waitForText('✓ Verify a contact');
      terminal.write('/open #lobby\r');
      await terminal.waitFor((screen) => screen.line(0).includes('# lobby'), 'the lobby');
      terminal.write('hi\r');
      await terminal.waitFor((screen) => !screen.has('First minutes'), 'gone when done');
    },
    { env: { CHAT_CHECKLIST: 'yes' } },
  ));

test('the checklist closes by F4', () =>
  chatting(
    async (terminal) => {
      await terminal.waitForText('F4 closes');
      terminal.write(KEY.f4);
      await terminal.waitFor((screen) => !screen.has('First minutes'), 'closed');
    },
    { env: { CHAT_CHECKLIST: 'yes' } },
  ));

test('an offered file is taken by a key, its progress seen in its place, in the status line and in the list', () =>
  chatting(async (terminal, session) => {
    session.transfer();
    await terminal.waitFor(
      (screen) => /bob ⇣ +slides\.pdf +24\.0 MB · application\/pdf/.test(screen.text),
      'the offer',
    );
    terminal.write('\x1by');
    await terminal.waitForText('accepted');
    const running = { state: 'running', path: 'lan', rtt: 1.5, loss: 0.01 } as const;
    session.transfer({ ...running, bytes: 6_000_000, rate: 3_000_000, timeLeft: 6 });
    session.transfer({ ...running, bytes: 12_000_000, rate: 6_000_000, timeLeft: 2 });
    await terminal.waitFor((screen) => /50 % +▅█ +6\.00 MB\/s · 2 s left/.test(screen.text), 'how far and how fast');
    assert.ok(terminal.screen.has('12.0 MB of 24.0 MB · RTT 1.5 ms · loss 1.0 %'));
    assert.match(terminal.screen.line(29), /⇣ 6\.00 MB\/s ▅█ 2 s/);
    terminal.write(KEY.f6);
    await terminal.waitFor(
      (screen) => screen.has('Esc close') && /a1b2 ⇣ bob +━{8}─{8} +50 %/.test(screen.text),
      'the list',
    );
    assert.ok(terminal.screen.has('p pause · c cancel · Enter open · Esc close'));
    terminal.write('p');
    await terminal.waitForText('paused');
    await terminal.waitForText('p go on · c cancel · Enter open · Esc close');
    terminal.write(KEY.escape);
    session.transfer({
      state: 'done',
      bytes: 24_000_000,
      files: [{ name: 'slides.pdf', size: 24_000_000, path: '/in/slides.pdf' }],
    });
    await terminal.waitFor(
      (screen) => screen.has('✓ /in/slides.pdf') && !screen.line(29).includes('MB/s'),
      'done, and where',
    );
    const error = { code: 'x', message: 'The disk is full.', hint: 'Make room.' };
    session.transfer({ id: 'ffff0000', state: 'failed', error });
    await terminal.waitForText('✗ The disk is full. Make room.');
  }));

test('a group: who is in it, who comes and goes, invitations in the list, and leaving', () =>
  chatting(
    async (terminal, session) => {
      const group = { kind: 'open', history: 'shared', state: 'member', members: 2 } as const;
      const member = { state: 'member', presence: 'online' } as const;
      session.groups([{ ...group, group: '#lobby' }], {
        '#lobby': [
          { ...member, user: 'ann', role: 'admin' },
          { ...member, user: 'eve', presence: 'away' },
        ],
      });
      const lobby = { event: 'group', group: '#lobby', by: 'eve' } as const;
      session.emit({ ...lobby, change: 'joined', user: 'eve' });
      await terminal.waitFor((screen) => /2 # lobby/.test(screen.text), 'the group in the list');
      terminal.write('\x1b2');
      await terminal.waitFor((screen) => screen.has('→  eve joined') && screen.has('2 members'), 'its log');
      await terminal.waitFor((screen) => /● ann +admin/.test(screen.text) && /◐ eve/.test(screen.text), 'its members');
      terminal.write('/open @bob\r');
      await terminal.waitFor((screen) => screen.line(0).includes('bob'), 'bob');
      session.emit({ event: 'group', group: '#team', change: 'invited', user: 'ann', by: 'eve' });
      await terminal.waitFor((screen) => /# team +invited/.test(screen.text), 'the invitation in the list');
      terminal.write('\x1ba');
      await terminal.waitForText('you are invited by eve: /joingroup team accepts');
      session.emit({ event: 'moderation', action: 'ban', user: 'dan', by: 'eve', group: '#team', reason: 'spam' });
      await terminal.waitForText('✗  dan was banned by eve: spam');
      session.emit({ event: 'group', group: '#team', change: 'left', user: 'ann', by: 'ann' });
      await terminal.waitForText('you are not in it: /join team');
    },
    { columns: 120 },
  ));

test('a link is shown with its round trip, and at once that nobody answers', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'presence', user: 'bob', state: 'online' });
    session.emit({ event: 'link', user: 'bob', state: 'up', path: 'lan', rtt: 2.5 });
    await terminal.waitForText('direct link in this network 2.5 ms');
    session.emit({ event: 'link', user: 'bob', state: 'silent', path: 'lan', rtt: 2.5 });
    await terminal.waitFor(
      (screen) => screen.has('no answer: what you write is queued') && screen.has('◌ bob'),
      'silent',
    );
  }));

test('a reply quotes what it answers, Alt+R chooses it; typing is seen', () =>
  chatting(async (terminal, session) => {
    session.receive('first question');
    session.receive('second question');
    session.emit({ event: 'typing', conversation: '@bob', user: 'bob', state: 'started' });
    await terminal.waitForText('bob is typing…');
    session.emit({ event: 'typing', conversation: '@bob', user: 'bob', state: 'stopped' });
    await terminal.waitFor((screen) => !screen.has('typing'), 'no more');
    terminal.write('\x1br');
    await terminal.waitForText('Reply to bob · Esc: no reply · ╭ second question');
    terminal.write('\x1br');
    await terminal.waitForText('╭ first question');
    terminal.write('my answer\r');
    await terminal.waitFor((screen) => /ann … +╭ bob: first question *\n.* my answer/.test(screen.text), 'the reply');
  }));

test('a received picture is shown small, by half blocks; without colours or where nobody wants it, it is not', () =>
  chatting(async (terminal, session) => {
    session.transfer({ files: [{ name: 'sky.png', size: 9 }] });
    await terminal.waitForText('sky.png');
    assert.ok(!terminal.screen.has('▀'), 'what is only offered is not opened');
    session.transfer({ state: 'done', files: [{ name: 'sky.png', size: 9, path: '/in/sky.png' }] });
    await terminal.waitFor((screen) => screen.has('▀'.repeat(40)), 'the picture');
    const row = terminal.screen.find('▀');
    const { fg, bg } = terminal.screen.cell(terminal.screen.line(row).indexOf('▀'), row).look;
    assert.ok(fg >= 16 && bg >= 16);
    terminal.write('/previews off\r');
    await terminal.waitFor((screen) => !screen.has('▀'), 'none');
    terminal.write('/previews on\r');
    await terminal.waitForText('▀');
    terminal.write('/theme plain\r');
    await terminal.waitFor((screen) => !screen.has('▀'), 'none without colours');
  }));

test('a file for the group: what it is, how to fetch it, how far it is, where it went', () =>
  chatting(async (terminal, session) => {
    terminal.write('/open #lobby\r');
    await terminal.waitFor((screen) => screen.line(0).includes('# lobby'), 'the lobby');
    const upload = { id: 'beef0000', name: 'plan.txt', size: 2_000 };
    session.receive('shared plan.txt: /download beef0000', {
      conversation: '#lobby',
      from: 'eve',
      via: 'group',
      upload,
    });
    await terminal.waitFor((screen) => /eve ⇣ +plan\.txt +2\.00 kB/.test(screen.text), 'what it is');
    await terminal.waitForText('/download beef fetches it');
    const state = { event: 'upload', group: '#lobby', ...upload, from: 'eve' } as const;
    session.emit({ ...state, state: 'downloading', bytes: 500 });
    await terminal.waitFor((screen) => /25 % +fetching · 500 B/.test(screen.text), 'how far');
    session.emit({ ...state, state: 'done', bytes: 2_000, path: '/in/plan.txt' });
    await terminal.waitForText('✓ /in/plan.txt');
    session.emit({ ...state, id: 'cafe0000', name: 'mine.txt', from: 'ann', state: 'uploading', bytes: 1_000 });
    await terminal.waitFor(
      (screen) => /ann ⇡ +mine\.txt/.test(screen.text) && /50 % +uploading/.test(screen.text),
      'mine',
    );
  }));
