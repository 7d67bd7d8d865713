/**
 * The screen with a fake peer, for tests in a pseudo-terminal. What others do comes as JSON lines on the Unix socket named
 * by CHAT_CONTROL: a peer's event to emit, or `{"do":"throw"}`.
 */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/base/clock.js';
import { Failure } from '../../src/base/errors.js';
import { nearest } from '../../src/base/nearest.js';
import type { PeerEvent } from '../../src/peer/events.js';
import type { CommandInfo, CommandRunner } from '../../src/tui/commands.js';
import { Checklist } from '../../src/tui/model/checklist.js';
import type { ThemeName } from '../../src/tui/paint/theme.js';
import type { BidiChoice } from '../../src/tui/screen/bidi-mode.js';
import { runScreen } from '../../src/tui/screen/run.js';
import type { Entrance } from '../../src/tui/signin/entrance.js';
import { FakePeer } from './fake-peer.js';

const LIST: readonly CommandInfo[] = [
  { name: 'msgto', usage: '/msgto USER TEXT', about: 'Sends a private message.', takes: ['user', 'text'] },
  { name: 'activeuser', usage: '/activeuser', about: 'Shows who is here.', takes: [] },
  { name: 'passwd', usage: '/passwd', about: 'Changes the password.', takes: [] },
  { name: 'logout', usage: '/logout', about: 'Ends the session.', takes: [] },
];

const runner = (peer: FakePeer): CommandRunner => ({
  list: LIST,
  async run(line, { secret }) {
    const [name = '', to = '', ...words] = line.split(' ');
    if (name === '/activeuser') return { lines: peer.known.map(({ user, state }) => `${user} ${state}`) };
    if (name === '/passwd') return { lines: [`secret of ${(await secret('New password'))?.length ?? 'nobody'}`] };
    if (name === '/logout') {
      await peer.logout();
      return { lines: [] };
    }
    if (name === '/msgto') {
      const { id, conversation } = await peer.send(to, words.join(' '));
      peer.emit({ event: 'sent', id, conversation, state: 'queued' });
      return { lines: [], open: conversation };
    }
    const meant = nearest(
      name.slice(1),
      LIST.map((each) => each.name),
    );
    throw new Failure('usage', 'command-unknown', `There is no command ${name}.`, {
      hint: meant ? `Did you mean /${meant}?` : '',
    });
  },
});

function connected(peer: FakePeer): FakePeer {
  const control = process.env.CHAT_CONTROL;
  if (control === undefined) return peer;
  const socket = connect(control);
  createInterface(socket).on('line', (line) => {
    const said = JSON.parse(line) as
      | PeerEvent
      | { readonly do: 'throw' }
      | { readonly do: 'users'; readonly users: FakePeer['known'] };
    if ('event' in said) peer.emit(said);
    else if (said.do === 'users') peer.known.push(...said.users);
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
  strength: (password) => ({
    score: Math.min(4, Math.floor(password.length / 4)),
    accepted: password.length >= 8,
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
  commands: (peer) => runner(peer as FakePeer),
  listFolder,
  theme: (process.env.CHAT_THEME ?? 'dark') as ThemeName,
  bidi: (process.env.CHAT_BIDI ?? 'app') as BidiChoice,
  mouse: true,
  checklist: new Checklist(process.env.CHAT_CHECKLIST === 'yes'),
  greeting: () => ['Hand this to the next person: p2pchat register NAME --directory p2pchat://example.test:7700#abc'],
});
if (failure) console.error(failure.message);
process.exit(status);
