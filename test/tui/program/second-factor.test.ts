import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Authenticator } from '../../support/authenticator.js';
import { readQr } from '../../support/qr.js';
import { PASSWORD, type Person, Stage } from '../../support/stage.js';
import { KEY, TerminalSession } from '../../support/terminal.js';

const bin = fileURLToPath(new URL('../../../bin/p2pchat.js', import.meta.url));
const stage = await new Stage().open();
after(() => stage.close());

/** The program in a terminal of the smallest usual size, until `body` is done with it. */
async function inTerminal<T>(person: Person, body: (terminal: TerminalSession) => Promise<T>): Promise<T> {
  const words = ['login', person.name, '--directory', stage.link];
  const env = { P2PCHAT_HOME: person.home, P2PCHAT_DIRECTORY: '', DISPLAY: '', WAYLAND_DISPLAY: '' };
  const terminal = new TerminalSession(process.execPath, [bin, ...words], { columns: 80, rows: 24, env });
  try {
    return await body(terminal);
  } finally {
    await terminal.close();
  }
}

/** On a new installation, up to where the code is asked for. */
async function signIn(terminal: TerminalSession): Promise<void> {
  await terminal.waitForText('Create an account');
  terminal.write(`${KEY.down}\r`);
  await terminal.waitForText('Password');
  terminal.write(`${PASSWORD}\r`);
  await terminal.waitForText('Second factor');
  await terminal.waitForText('six digits from your app');
}

const HALVES = /^ ([█▀▄ ]{30,}█) /;

test('on the screen: a QR code to set it up, which goes away; then a code after the password, wrong, right, and a recovery code', async () => {
  const ada = await stage.registered('ada');
  let app: Authenticator | undefined;
  const codes = await inTerminal(ada, async (terminal) => {
    await terminal.waitForText('Password');
    terminal.write(`${PASSWORD}\r`);
    await terminal.waitForText('F1 help');
    terminal.write('/secondfactor on\r');
    await terminal.waitForText('Password: ');
    terminal.write(`${PASSWORD}\r`);
    await terminal.waitForText('The six digits it shows then');
    const rows = () => terminal.screen.lines.flatMap((line) => HALVES.exec(line.padEnd(80))?.[1] ?? []);
    await terminal.waitFor(() => rows().length >= 19, 'the whole QR code');
    const uri = readQr(rows());
    const secret = /^otpauth:\/\/totp\/p2pchat:ada\?secret=([A-Z2-7]{32})$/.exec(uri)?.[1];
    assert.ok(secret, uri);
    assert.ok(terminal.screen.has(secret.slice(0, 4)), 'for typing, too');
    app = new Authenticator(secret);
    terminal.write(`${app.wrong()}\r`);
    await terminal.waitForText('That code is not right. Again');
    terminal.write(`${app.next()}\r`);
    await terminal.waitForText('The second factor is on.');
    await terminal.waitFor(() => rows().length === 0, 'no QR code');
    const shown = () => [...terminal.screen.text.matchAll(/\b[0-9a-z]{5}-[0-9a-z]{5}\b/g)].map(([code]) => code);
    await terminal.waitFor(() => shown().length === 10, 'ten recovery codes');
    return shown();
  });
  await inTerminal(stage.newcomer('ada'), async (terminal) => {
    await signIn(terminal);
    terminal.write(`${app!.wrong()}\r`);
    await terminal.waitForText('That code is not right.');
    await terminal.waitFor((screen) => /2\s+tries left/.test(screen.text), 'two tries left');
    terminal.write(`${app!.next()}\r`);
    await terminal.waitForText('p2pchat · ada');
  });
  await inTerminal(stage.newcomer('ada'), async (terminal) => {
    await signIn(terminal);
    terminal.write(`${codes[0]!}\r`);
    await terminal.waitForText('p2pchat · ada');
  });
});
