/**
 * The screen with a fake peer, for tests in a pseudo-terminal. What others do comes as JSON lines on the Unix socket named
 * by CHAT_CONTROL: a peer's event to emit, an error to throw, a signal to get,
 * a burst of messages.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pastedFiles } from '../../bin/pasted-files.js';
import { textEditor } from '../../bin/text-editor.js';
import { systemClock, timestamp } from '../../src/base/clock.js';
import { Failure } from '../../src/base/errors.js';
import { commands } from '../../src/commands/commands.js';
import type { MessageEvent, PeerEvent } from '../../src/peer/api/events.js';
import type { GroupSummary } from '../../src/peer/api/groups.js';
import type { ConversationNote, NotesApi } from '../../src/peer/api/notes.js';
import type { HistoryQuery } from '../../src/peer/api/peer.js';
import { FINE, small } from '../../src/tui/log/picture.js';
import type { ThemeName } from '../../src/tui/paint/theme.js';
import type { BidiChoice } from '../../src/tui/screen/bidi-mode.js';
import { runScreen } from '../../src/tui/screen/run.js';
import { Settings } from '../../src/tui/screen/settings.js';
import type { Entrance } from '../../src/tui/signin/entrance.js';
import { FakePeer } from './fake-peer.js';
import { forgetfulNotes } from './no-groups.js';

type Said =
  | PeerEvent
  | { readonly do: 'throw' | 'end' }
  | { readonly do: 'kill'; readonly signal: NodeJS.Signals }
  | { readonly do: 'burst'; readonly count: number }
  | { readonly do: 'groups'; readonly list: readonly GroupSummary[]; readonly members: FakePeer['memberLists'] };

const WORDS = ['hello', 'there', 'שלום', 'the', 'quick', 'brown', 'fox', '漢字', 'سلام', 'and', '👍', 'again'];

function message(number: number, at: number): MessageEvent {
  const text = Array.from({ length: 3 + (number % 12) }, (_, word) => WORDS[(number * 7 + word * 5) % WORDS.length]);
  const time = timestamp(at);
  return {
    event: 'message',
    id: `old-${number}`,
    conversation: '@bob',
    from: number % 3 === 0 ? 'ann' : 'bob',
    text: `${text.join(' ')} ${number}.`,
    sentAt: time,
    receivedAt: time,
    via: 'direct',
  };
}

/** As they would come from a socket: some hundred a turn of the event loop. */
function burst(peer: FakePeer, count: number, from = 1_000_000): void {
  const now = Math.min(count, 200);
  for (let number = from; number < from + now; number++) peer.emit({ ...message(number, Date.now()), from: 'bob' });
  if (count > now) setImmediate(() => burst(peer, count - now, from + now));
}

function notesIn(home: string): NotesApi {
  const path = join(home, 'notes.json');
  const notes = new Map(
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as [string, ConversationNote][]) : [],
  );
  return {
    all: async () => [...notes.values()],
    async set(note) {
      notes.set(note.conversation, note);
      writeFileSync(path, JSON.stringify([...notes]));
    },
  };
}

/** A peer that remembers as many messages with bob as CHAT_HISTORY says, made when they are asked for. */
class LongMemory extends FakePeer {
  readonly #count = Number(process.env.CHAT_HISTORY ?? 0);
  readonly #start = Date.now() - this.#count * 60_000;

  /** Over a restart too, where there is a folder for it. */
  override readonly notes = process.env.CHAT_HOME === undefined ? forgetfulNotes() : notesIn(process.env.CHAT_HOME);

  override async history(query: HistoryQuery) {
    const { conversation, before, limit = 50 } = query;
    if (this.#count === 0 || conversation !== '@bob') return super.history(query);
    const end = before === undefined ? this.#count : Number(before.replace('old-', ''));
    const from = Math.max(0, end - limit);
    return Array.from({ length: end - from }, (_, at) => message(from + at, this.#start + (from + at) * 60_000));
  }

  override async conversations() {
    const last = message(this.#count - 1, Date.now());
    return this.#count === 0 ? super.conversations() : [{ conversation: '@bob', unread: 0, last }];
  }
}

function connected(peer: FakePeer): FakePeer {
  const control = process.env.CHAT_CONTROL;
  if (control === undefined) return peer;
  const socket = connect(control);
  createInterface(socket).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if ('event' in said) peer.emit(said);
    else if (said.do === 'kill') process.kill(process.pid, said.signal);
    else if (said.do === 'end') void peer.close();
    else if (said.do === 'groups') Object.assign(peer, { groupList: said.list, memberLists: said.members });
    else if (said.do === 'burst') burst(peer, said.count);
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
  user: process.env.CHAT_NAME,
  known: false,
  async signIn({ user, password }) {
    if (user === 'banned')
      throw new Failure('account-banned', 'This account is banned: spam, until Monday.', {
        hint: 'Ask the operator.',
      });
    if (password === PASSWORD) return connected(new LongMemory(user));
    failures += 1;
    if (user === 'blocked' && failures > 1) throw new Failure('name-blocked', 'Blocked.', { details: { seconds: 2 } });
    throw new Failure('wrong-credentials', 'Wrong user name or password.');
  },
  async signUp({ user }) {
    if (user === 'taken') throw new Failure('name-taken', "The name 'taken' is taken.", { hint: 'Choose another.' });
    return connected(new LongMemory(user));
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
const { status, failure, said } = await runScreen({
  input: process.stdin as typeof process.stdin & { isTTY: true },
  output: process.stdout,
  env: process.env,
  clock: systemClock,
  start: signedIn === undefined ? { entrance } : { peer: connected(new LongMemory(signedIn)) },
  commands,
  listFolder,
  settings: () =>
    new Settings(
      { read: () => undefined, write: () => {} },
      {
        theme: (process.env.CHAT_THEME ?? 'dark') as ThemeName,
        checklist: { done: [], dismissed: process.env.CHAT_CHECKLIST !== 'yes' },
      },
    ),
  // A sky over a meadow, whatever the file: what ffmpeg makes of it has a test of its own.
  preview: async () => {
    const [width, height] = [40 * FINE, 20 * FINE];
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
      const [x, y] = [(Math.floor(at / 3) % width) / FINE, Math.floor(at / (3 * width)) / FINE];
      const ground = y > 13 + 2 * Math.sin(x / 5);
      const sun = (x - 30) ** 2 + (y - 5) ** 2 < 9;
      const [red, green, blue] = sun ? [250, 220, 90] : ground ? [70, 120 + y * 3, 60] : [70 + y * 8, 130 + y * 6, 220];
      return [red, green, blue][at % 3]!;
    });
    return small({ width, height, pixels });
  },
  pasted: () => pastedFiles(process.env.CHAT_HOME ?? '/nowhere', () => systemClock.now()),
  edit: () => textEditor(process.env.CHAT_HOME ?? '/nowhere', process.env),
  bidi: (process.env.CHAT_BIDI ?? 'app') as BidiChoice,
  greeting: () => ['Hand this to the next person: p2pchat register NAME --directory p2pchat://example.test:7700#abc'],
});
if (failure) console.error(failure.message);
if (said) console.error(said);
process.exit(status);
