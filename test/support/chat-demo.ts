/**
 * The screen with a fake peer, for tests in a pseudo-terminal. What others do comes as JSON lines on the Unix socket named
 * by CHAT_CONTROL: a peer's event to emit, an error to throw, a signal to get.
 */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/base/clock.js';
import { Failure } from '../../src/base/errors.js';
import { commands } from '../../src/peer/commands/table.js';
import type { PeerEvent } from '../../src/peer/events.js';
import { Checklist } from '../../src/tui/model/checklist.js';
import type { ThemeName } from '../../src/tui/paint/theme.js';
import type { BidiChoice } from '../../src/tui/screen/bidi-mode.js';
import { runScreen } from '../../src/tui/screen/run.js';
import type { Entrance } from '../../src/tui/signin/entrance.js';
import { FakePeer } from './fake-peer.js';

type Said = PeerEvent | { readonly do: 'throw' } | { readonly do: 'kill'; readonly signal: NodeJS.Signals };

function connected(peer: FakePeer): FakePeer {
  const control = process.env.CHAT_CONTROL;
  if (control === undefined) return peer;
  const socket = connect(control);
  createInterface(socket).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if ('event' in said) peer.emit(said);
    else if (said.do === 'kill') process.kill(process.pid, said.signal);
    else
      queueMicrotask(() => {
        throw new Error('broken on purpose');
      });
  });
  socket.on('error', () => {});
  return peer;
}

const PASSWORD = 'correct horse battery';
let failures = 0;

const entrance: Entrance = {
  directory: process.env.CHAT_DIRECTORY,
  user: undefined,
  async signIn({ user, password }) {
    if (user === 'banned')
      throw new Failure('blocked', 'banned', 'This account is banned: spam, until Monday.', {
        hint: 'Ask the operator.',
      });
    if (password === PASSWORD) return connected(new FakePeer(user));
    failures += 1;
    if (user === 'blocked' && failures > 1)
      throw new Failure('blocked', 'blocked', 'Blocked.', { details: { seconds: 2 } });
    throw new Failure('credentials', 'credentials-wrong', 'Wrong user name or password.');
  },
  async signUp({ user }) {
    if (user === 'taken')
      throw new Failure('usage', 'name-taken', "The name 'taken' is taken.", { hint: 'Choose another.' });
    return connected(new FakePeer(user));
  },
  strength: async (password) => ({
    score: Math.min(4, Math.floor(password.length / 4)),
    ok: password.length >= 8,
    reason: password.length >= 8 ? '' : 'it is short',
  }),
};

const listFolder = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((each) =>
      each.isDirectory() ? `${each.name}/` : each.name,
    );
  } catch {
    return [];
  }
};

const signedIn = process.env.CHAT_USER;
const { status, failure } = await runScreen({
  input: process.stdin as typeof process.stdin & { isTTY: true },
  output: process.stdout,
  env: process.env,
  clock: systemClock,
  start: signedIn === undefined ? { entrance } : { peer: connected(new FakePeer(signedIn)) },
  commands,
  listFolder,
  theme: (process.env.CHAT_THEME ?? 'dark') as ThemeName,
  bidi: (process.env.CHAT_BIDI ?? 'app') as BidiChoice,
  mouse: true,
  checklist: new Checklist(process.env.CHAT_CHECKLIST === 'yes'),
  greeting: () => ['Hand this to the next person: p2pchat register NAME --directory p2pchat://example.test:7700#abc'],
});
if (failure) console.error(failure.message);
process.exit(status);
