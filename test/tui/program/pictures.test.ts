import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import type { TerminalSession } from '../../support/terminal.js';

/** The questions as they leave, and terminals as they answer. */
const ASKS = '\x1b[>q\x1b[16t\x1b[c';
const ASKS_KITTY = '\x1b_Gi=31,';
const CELL = '\x1b[6;20;10t';
const named = (name: string): string => `\x1bP>|${name}\x1b\\`;

async function withPicture(
  body: (terminal: TerminalSession, session: ChatSession) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const session = await ChatSession.open({ env });
  try {
    const { terminal } = session;
    assert.ok(!terminal.output.includes(ASKS), 'nothing is asked before there is a picture');
    session.transfer({ state: 'done', files: [{ name: 'sky.png', size: 9, path: '/in/sky.png' }] });
    await terminal.waitFor((screen) => screen.has('▀'.repeat(40)), 'half blocks, until it is known better');
    await body(terminal, session);
  } finally {
    await session.close();
  }
}

const sent = (terminal: TerminalSession, text: string): Promise<unknown> =>
  terminal.waitFor(() => terminal.output.includes(text), JSON.stringify(text));

const count = (terminal: TerminalSession, text: string): number => terminal.output.split(text).length - 1;

test('a terminal that says it knows the protocol of kitty gets each strip once, and is told where it moves', () =>
  withPicture(async (terminal, session) => {
    await sent(terminal, ASKS);
    terminal.write(`${named('kitty(0.36.4)')}${CELL}\x1b[?62;52c`);
    await sent(terminal, ASKS_KITTY);
    terminal.write('\x1b_Gi=31;OK\x1b\\');
    await sent(terminal, '\x1b_Ga=p,i=10,p=1,c=40,r=1,C=1,q=2\x1b\\');
    assert.equal(count(terminal, '\x1b_Ga=t,f=100,'), 10);
    session.receive('below it');
    await terminal.waitForText('below it');
    await terminal.waitFor(() => count(terminal, '\x1b_Ga=p,i=10,') === 2, 'moved');
    assert.equal(count(terminal, '\x1b_Ga=t,f=100,'), 10, 'and not sent again');
    terminal.write('/previews blocks\r');
    await sent(terminal, '\x1b_Ga=d,d=A,q=2\x1b\\');
    assert.ok(terminal.screen.has('▀'.repeat(40)));
  }));

test('iTerm2 is known by its name, and gets PNG files', () =>
  withPicture(async (terminal) => {
    await sent(terminal, ASKS);
    terminal.write(`${named('iTerm2 3.5.2')}${CELL}\x1b[?62;4c`);
    await sent(terminal, '\x1b]1337;File=inline=1;size=');
    const [, data = ''] =
      /\x1b\]1337;File=[^:]*;width=40;height=1;[^:]*:([A-Za-z0-9+/=]+)\x07/.exec(terminal.output) ?? [];
    assert.deepEqual([...Buffer.from(data, 'base64').subarray(1, 4)], [...Buffer.from('PNG')]);
  }));

test('a terminal with sixels gets them in the size of its cells; where its cells have no size it gets half blocks', async () => {
  await withPicture(async (terminal) => {
    await sent(terminal, ASKS);
    terminal.write(`${CELL}\x1b[?62;4;22c`);
    await sent(terminal, '\x1bP0;1;0q"1;1;400;20#0;2;');
  });
  await withPicture(async (terminal) => {
    await sent(terminal, ASKS);
    terminal.write('\x1b[?62;4;22c');
    terminal.write('typed after it');
    await terminal.waitForText('typed after it');
    assert.ok(!terminal.output.includes('\x1bP0;1;0q'));
  });
});

test('in tmux, and wherever nobody answers, nothing is guessed from the environment', () =>
  withPicture(
    async (terminal) => {
      await sent(terminal, ASKS);
      terminal.write(`${named('tmux 3.5a')}\x1b[?1;2c`);
      terminal.write('typed after it');
      await terminal.waitForText('typed after it');
      assert.ok(!terminal.output.includes(ASKS_KITTY));
      assert.ok(!/\x1b_Ga=[tp]|\x1b\]1337;File|\x1bP0;1;0q/.test(terminal.output));
      terminal.write('\x15/previews sixel\r');
      await sent(terminal, '\x1bP0;1;0q"1;1;400;20#0;2;');
    },
    { TERM_PROGRAM: 'iTerm.app', KITTY_WINDOW_ID: '1' },
  ));
