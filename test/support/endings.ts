import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Running, Said } from './processes.js';
import { PASSWORD, Stage } from './stage.js';
import { TerminalSession } from './terminal.js';

/** Every way to end × every program that stays, each in a terminal of its own, with and without a transfer under way. */

const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
const stage = await new Stage().open();
after(() => stage.close());
const [alice, bob] = [await stage.registered('alice'), await stage.registered('bob')];
const receiver = await bob.listen('--accept', 'all', '--to', join(stage.workshop.folder, 'received'));

const SIZE = 1 << 30;
/** So slow that it outlasts every case. */
const RATE = '400kB/s';
const large = join(stage.workshop.folder, 'large.bin');
const fd = openSync(large, 'w');
ftruncateSync(fd, SIZE);
closeSync(fd);

type End = (session: TerminalSession) => void;
const signal =
  (name: NodeJS.Signals): End =>
  ({ pid }) =>
    void process.kill(pid, name);

interface Way {
  readonly name: string;
  readonly end: End;
  /** Of a program that is ended from outside early, and of one for which that is the proper end. */
  readonly status: readonly number[];
  readonly proper?: readonly number[];
}

const WAYS: readonly Way[] = [
  { name: 'the terminal is closed', end: (session) => session.hangUp(), status: [129] },
  { name: 'SIGHUP', end: signal('SIGHUP'), status: [129] },
  { name: 'SIGTERM', end: signal('SIGTERM'), status: [143], proper: [0] },
  {
    name: 'SIGINT twice',
    end(session) {
      signal('SIGINT')(session);
      signal('SIGINT')(session);
    },
    status: [130],
    // The second may find it still ending, or not.
    proper: [0, 130],
  },
  { name: 'SIGQUIT', end: signal('SIGQUIT'), status: [131] },
];

interface Program {
  readonly words: readonly string[];
  readonly ready: RegExp;
  /** It is a peer, and can have a transfer. */
  readonly peer: boolean;
  readonly endsWell: boolean;
  readonly asks?: string;
}

const password = ['--password-file', alice.passwordFile, '--listen', '127.0.0.1:0'];
const PROGRAMS: readonly Program[] = [
  { words: ['login'], asks: 'Password', ready: /F1 help/, peer: true, endsWell: false },
  { words: ['login', '--plain', ...password], ready: /signed in as/, peer: true, endsWell: false },
  { words: ['listen', '--json', ...password], ready: /"ready"/, peer: true, endsWell: true },
  { words: ['rpc', ...password], ready: /"result"/, asks: '', peer: true, endsWell: true },
  {
    words: ['directory', 'start', '--listen', '127.0.0.1:0'],
    ready: /directory>/,
    peer: false,
    endsWell: true,
  },
];

async function begin({ words, ready, asks }: Program): Promise<TerminalSession> {
  const session = new TerminalSession(process.execPath, [bin, ...words], { env: { P2PCHAT_HOME: alice.home } });
  if (asks === 'Password') {
    await session.waitForText(asks);
    session.write(`${PASSWORD}\r`);
  } else if (asks !== undefined) session.write('{"jsonrpc":"2.0","id":1,"method":"whoami"}\r');
  await session.waitFor(() => ready.test(session.output), String(ready), 60_000);
  return session;
}

const arrived = (running: Running): number =>
  Math.max(0, ...running.events.filter(({ event }) => event === 'transfer').map(({ bytes }) => Number(bytes ?? 0)));
const beyond =
  (bytes: number) =>
  ({ event, state, bytes: now }: Said): boolean =>
    event === 'transfer' && state === 'running' && Number(now) > bytes;

/** The one transfer there is begins, or goes on in the program that runs now. */
async function transferring(before: number): Promise<void> {
  if (before === 0) {
    const { status, stdout } = await alice.through(['file', 'bob', large, '--rate', RATE, '--wait', 'offered']);
    assert.equal(status, 0, stdout);
  }
  await receiver.event(beyond(before), 'bytes of the file');
}

interface Case {
  readonly program: Program;
  readonly way: Way;
  readonly withTransfer: boolean;
}

/** Declares a test for each case that is picked. */
export function testEndings(picked: (one: { readonly way: string; readonly withTransfer: boolean }) => boolean): void {
  const all = PROGRAMS.flatMap((program) =>
    WAYS.flatMap((way) =>
      (program.peer ? [false, true] : [false]).map((withTransfer) => ({ program, way, withTransfer })),
    ),
  );
  for (const each of all) {
    if (!picked({ way: each.way.name, withTransfer: each.withTransfer })) continue;
    const { words } = each.program;
    const about = `${words[0]} ${words[1] === '--plain' ? '--plain ' : ''}`;
    const besides = each.withTransfer ? ', in a transfer' : '';
    test(`N23 ${about}ends in order: ${each.way.name}${besides}`, () => endsInOrder(each));
  }
}

async function endsInOrder({ program, way, withTransfer }: Case): Promise<void> {
  const before = arrived(receiver);
  const session = await begin(program);
  try {
    if (withTransfer) await transferring(before);
    way.end(session);
    const status = await session.exit;
    const wanted = program.endsWell ? (way.proper ?? way.status) : way.status;
    assert.ok(wanted.includes(status), `ended with ${status}, not ${wanted.join(' or ')}\n${session.output}`);
  } finally {
    await session.close();
  }
}
