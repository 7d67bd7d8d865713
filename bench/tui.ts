import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as after } from 'node:timers/promises';
import { ChatSession } from '../test/support/chat-session.js';
import { KEY, type ScreenText, type TerminalSession } from '../test/support/terminal.js';
import type { Report } from './support/report.js';

const HISTORY = 100_000;
const BURST = 10_000;
const PAGES = 300;
const IDLE_SECONDS = 5;
/** Linux counts a process's time in ticks of this many milliseconds. */
const TICK_MS = 10;

const SIGN_IN = `${KEY.down}\rann\rcorrect horse battery`;

/**
 * The screen in a pseudo-terminal, read by a headless xterm, over a peer that answers at once: what the figures tell is
 * the screen alone, with the terminal's own parsing in the waiting times.
 */
export default async function benchTui(report: Report): Promise<void> {
  const session = await ChatSession.start({
    env: { CHAT_DIRECTORY: 'p2pchat://example.test:7700#00', CHAT_HISTORY: String(HISTORY) },
  });
  try {
    await benchFirstPaint(report, session.terminal);
    await benchIdle(report, session.terminal);
    await benchKeys(report, session.terminal);
    await benchScrolling(report, session.terminal);
    await benchBurst(report, session);
  } finally {
    await session.close();
  }
}

/** CPU time of the process so far, user and system, in ms; undefined where the system doesn't tell. */
function cpuOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

function megabytesOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (Number(kilobytes) * 1_024) / 1e6;
  } catch {
    return undefined;
  }
}

function addMemory(report: Report, name: string, pid: number): void {
  const value = megabytesOf(pid);
  if (value !== undefined) report.add({ name, value, unit: 'MB', note: 'resident, Node included' });
}

async function benchFirstPaint(report: Report, terminal: TerminalSession): Promise<void> {
  await terminal.waitForText('Create an account');
  terminal.write(SIGN_IN);
  await terminal.waitForText('•'.repeat('correct horse battery'.length));
  const start = performance.now();
  terminal.write('\r');
  await terminal.waitForText(`${HISTORY - 1}.`);
  report.add({
    name: `first picture after the password, ${HISTORY.toLocaleString('en-US')} messages`,
    value: performance.now() - start,
    unit: 'ms',
    note: 'at most 400',
  });
}

/** What a slow line has to carry for each key. */
async function benchKeys(report: Report, terminal: TerminalSession): Promise<void> {
  let most = 0;
  for (const key of 'typed by hand') {
    const before = terminal.output.length;
    terminal.write(key);
    await after(100);
    most = Math.max(most, Buffer.byteLength(terminal.output.slice(before)));
  }
  report.add({ name: 'bytes to the terminal for a key, at most', value: most, unit: 'bytes', note: 'at most 200' });
  terminal.write(KEY.ctrl('u'));
}

async function benchIdle(report: Report, { pid }: TerminalSession): Promise<void> {
  await after(1_000);
  const before = cpuOf(pid);
  await after(IDLE_SECONDS * 1_000);
  const spent = cpuOf(pid);
  if (before !== undefined && spent !== undefined) {
    report.add({
      name: 'CPU while nothing happens',
      value: (spent - before) / IDLE_SECONDS / 10,
      unit: '%',
      note: '0',
    });
  }
  addMemory(report, 'memory while nothing happens', pid);
}

const sample = (screen: ScreenText): string => [4, 9, 15].map((y) => screen.line(y)).join('\n');

async function benchScrolling(report: Report, terminal: TerminalSession): Promise<void> {
  const times: number[] = [];
  for (let page = 0; page < PAGES; page++) {
    const before = sample(terminal.screen);
    const start = performance.now();
    terminal.write(KEY.pageUp);
    await terminal.waitFor((screen) => sample(screen) !== before);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)]!;
  report.add({ name: 'a page back, median', value: at(0.5), unit: 'ms', note: 'at most 30' });
  report.add({ name: 'a page back, 99 of 100', value: at(0.99), unit: 'ms' });
  terminal.write(KEY.end);
  await terminal.waitForText(`${HISTORY - 1}.`);
}

async function benchBurst(report: Report, session: ChatSession): Promise<void> {
  const { terminal } = session;
  const before = cpuOf(terminal.pid);
  const start = performance.now();
  const echoes: number[] = [];
  let over = false;
  session.burst(BURST);
  const last = terminal.waitForText(`${1_000_000 + BURST - 1}.`).then(() => {
    over = true;
  });
  for (let typed = 1; !over && typed < 60; typed++) {
    const pressed = performance.now();
    terminal.write('x');
    await terminal.waitFor((screen) => screen.line(screen.rows - 2).includes('x'.repeat(typed)));
    echoes.push(performance.now() - pressed);
  }
  await last;
  const took = performance.now() - start;
  const spent = cpuOf(terminal.pid);
  const name = `${BURST.toLocaleString('en-US')} messages at once`;
  report.add({ name: `${name}, until the last is seen`, value: took, unit: 'ms' });
  if (before !== undefined && spent !== undefined) {
    report.add({ name: `${name}, CPU`, value: spent - before, unit: 'ms', note: 'at most 500, the typing included' });
  }
  report.add({
    name: `${name}, a key's echo meanwhile, worst`,
    value: Math.max(...echoes),
    unit: 'ms',
    note: 'at most 50',
  });
  addMemory(report, 'memory afterwards', terminal.pid);
}
