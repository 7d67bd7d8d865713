import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registerAccount } from '../src/peer/account/register.js';
import type { PeerApi } from '../src/peer/api/peer.js';
import { loginPeer } from '../src/peer/session/open.js';
import { fill } from '../test/support/filled.js';
import { act, arrival, ended, PASSWORD } from './support/chat-latency.js';
import { quantile, type Report } from './support/report.js';

const LINES = 100_000;
const NEW = 100;
const bin = fileURLToPath(new URL('../bin/p2pchat.js', import.meta.url));

/** A backup of 100,000 messages while the chat goes on, one more after 100 more, and the way back to a first screen. */
export default async function backup(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  const directory = await act('directory', join(folder, 'directory'));
  const listener = await act('listener', join(folder, 'bob'), 'bob', directory.ready, PASSWORD);
  const home = join(folder, 'ada');
  await registerAccount({ home, user: 'ada', directory: directory.ready, password: PASSWORD });
  const conversations = ['@bob', ...Array.from({ length: 19 }, (_, n) => `@friend${n}`)];
  await fill(home, PASSWORD, { user: 'ada', conversations, each: LINES / conversations.length });
  const ada = await loginPeer({ home, user: 'ada', password: PASSWORD, listen: '127.0.0.1:0' });
  const file = join(folder, 'ada.backup');
  try {
    const idle = await latencies(ada, listener.child, 'idle', (sent) => sent === 200);
    const before = process.memoryUsage().rss;
    let isOver = false;
    let most = before;
    const whole = timed(() => ada.backups.write(file)).finally(() => {
      isOver = true;
    });
    const busy = await latencies(ada, listener.child, 'busy', () => {
      most = Math.max(most, process.memoryUsage().rss);
      return isOver;
    });
    report.add({ name: `backup of ${LINES} messages`, value: await whole, unit: 's', note: 'to reach: 8' });
    report.add({ name: 'the file', value: (await stat(file)).size / 1e6, unit: 'MB' });
    report.add({ name: 'memory it takes besides', value: (most - before) / 1e6, unit: 'MB' });
    report.add({ name: 'chat meanwhile, p99', value: quantile(busy, 0.99), unit: 'ms' });
    report.add({
      name: 'chat without, p99',
      value: quantile(idle, 0.99),
      unit: 'ms',
      note: 'to reach: a third of that',
    });
    await latencies(ada, listener.child, 'new', (sent) => sent === NEW);
    const added = await timed(() => ada.backups.write(file));
    report.add({ name: `added after ${NEW} more`, value: added, unit: 's', note: 'to reach: 1' });
    const phrase = await ada.account.recoveryPhrase(PASSWORD);
    await restored(report, join(folder, 'again'), file, phrase);
  } finally {
    await ada.close();
    await ended([listener.child, directory.child]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

async function latencies(ada: PeerApi, to: ChildProcess, name: string, isEnough: (sent: number) => boolean) {
  const times: number[] = [];
  for (let n = 0; !isEnough(n); n++) {
    const text = `${name} ${n}`;
    const arrived = arrival(to, text);
    const begun = performance.now();
    await ada.send('bob', text);
    await arrived;
    times.push(performance.now() - begun);
  }
  return times;
}

/** A program of its own restores, and this one opens what it made. */
async function restored(report: Report, home: string, file: string, phrase: string): Promise<void> {
  const begun = performance.now();
  const [words, password] = [`${file}.phrase`, `${file}.password`];
  await Promise.all([writeFile(words, phrase), writeFile(password, PASSWORD)]);
  const secrets = ['--phrase-file', words, '--password-file', password];
  const child = spawn(process.execPath, [bin, 'restore', file, ...secrets], {
    env: { PATH: process.env.PATH, P2PCHAT_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, peakOf(child.pid!));
  }, 50);
  const [status] = await once(child, 'exit');
  clearInterval(watch);
  if (status !== 0) throw new Error(`restore ended with ${status}`);
  const made = performance.now();
  const peer = await loginPeer({ home, password: PASSWORD, listen: '127.0.0.1:0' });
  try {
    const conversations = await peer.conversations();
    await peer.history({ conversation: conversations[0]!.conversation });
    report.add({ name: 'restore', value: (made - begun) / 1_000, unit: 's' });
    const note = 'to reach: 10';
    report.add({ name: 'restore to the first screen', value: (performance.now() - begun) / 1_000, unit: 's', note });
    report.add({ name: 'memory of restore', value: most / 1e6, unit: 'MB' });
  } finally {
    await peer.close();
  }
}

/** Bytes, where the system tells. */
function peakOf(pid: number): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
