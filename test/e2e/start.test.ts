import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Workshop } from '../support/processes.js';
import { PASSWORD } from '../support/stage.js';
import { KEY, TerminalSession } from '../support/terminal.js';

const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
const workshop = new Workshop();
after(() => workshop.close());

test('without a terminal, start plays the tour with real processes and ends with 0', async () => {
  const { status, stdout, stderr, events } = await workshop.run(['start', '--json'], { home: workshop.folder });
  assert.deepEqual([status, stderr], [0, ''], stdout);
  assert.equal(events.at(-1)?.step, 'end');
  const latency = events.find(({ step }) => step === 'latency');
  assert.ok(Number(latency?.p50) > 0);
  const transfers = events.filter(({ step }) => step === 'transfer');
  assert.deepEqual(
    transfers.map(({ path, rate }) => [path, Number(rate) > 0]),
    [
      ['direct', true],
      ['direct', true],
    ],
  );
  assert.ok(events.some(({ step }) => String(step).includes('#lobby')));
});

test('on a terminal that can only print, start leads a newcomer from a name and a password to the echo bot’s answer, and back again', async () => {
  const home = join(workshop.folder, 'newcomer');
  const open = () =>
    new TerminalSession(process.execPath, [bin, 'start'], {
      env: { P2PCHAT_HOME: home, P2PCHAT_DIRECTORY: '', TERM: 'dumb' },
    });
  const first = open();
  try {
    await first.waitForText('User name:');
    first.write('nora\r');
    await first.waitForText('New password:');
    first.write(`${PASSWORD}\r`);
    await first.waitForText('once more:');
    first.write(`${PASSWORD}\r`);
    await first.waitForText('signed in as nora');
    first.write('/msgto echo hello out there\r');
    await first.waitForText('echo: hello out there');
    first.write(KEY.ctrl('d'));
    assert.equal(await first.exit, 0);
  } finally {
    await first.close();
  }
  const second = open();
  try {
    await second.waitForText('Password of nora:');
    second.write(`${PASSWORD}\r`);
    await second.waitForText('signed in as nora');
    second.write('/msgto echo still there?\r');
    await second.waitForText('echo: still there?');
    second.write(KEY.ctrl('c'));
    assert.equal(await second.exit, 130);
  } finally {
    await second.close();
  }
});

test('on a terminal, start opens the screen: a newcomer signs up, is in the lobby, and the echo bot answers; what was done stays ticked', async () => {
  const home = join(workshop.folder, 'screen');
  const session = new TerminalSession(process.execPath, [bin, 'start'], {
    env: { P2PCHAT_HOME: home, P2PCHAT_DIRECTORY: '' },
  });
  try {
    await session.waitForText('Create an account');
    session.write('\r');
    await session.waitForText('Password again');
    session.write('nora\r');
    session.write(`${PASSWORD}\r${PASSWORD}\r\r`);
    await session.waitForText('You are in #lobby');
    session.write('hello everybody\r');
    await session.waitForText('✓ Say hi');
    session.write('/msgto echo hello out there\r');
    await session.waitForText('echo: hello out there');
    await session.waitForText('✓ Message someone');
    await session.waitFor((screen) => /direct link \d/.test(screen.text), 'the link and its round trip');
    session.write(KEY.ctrl('c'));
    await session.waitForText('again to leave');
    session.write(KEY.ctrl('c'));
    assert.equal(await session.exit, 0);
  } finally {
    await session.close();
  }
  const again = new TerminalSession(process.execPath, [bin, 'start'], {
    env: { P2PCHAT_HOME: home, P2PCHAT_DIRECTORY: '' },
  });
  try {
    await again.waitForText('Sign in');
    again.write(`${PASSWORD}\r`);
    await again.waitForText('First minutes 2/');
  } finally {
    await again.close();
  }
});
