import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member, msBetween } from '../support/members.js';
import { type RemoteDirectory, withDirectory } from '../support/remote-directory.js';
import type { Report } from '../support/report.js';

const LINES = 10_000;
/** What fills a screen. */
const SCREEN = 50;

/** Somebody enters a room with a long history: from the call of `join` to the newest lines, and to all of them. */
export default async function newcomer(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  try {
    await withDirectory((directory) => enter(report, folder, directory));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function enter(report: Report, folder: string, directory: RemoteDirectory): Promise<void> {
  const host = await Member.start(folder, 'host', directory.link);
  await host.do({ what: 'join', group: 'lobby' });
  const began = performance.now();
  await host.do({ what: 'fill', group: 'lobby', count: LINES });
  const rate = (LINES / (performance.now() - began)) * 1_000;
  report.add({ name: 'messages of one member to a room, pipelined', value: rate, unit: '/s' });
  for (const name of ['first', 'second', 'third']) {
    const guest = await Member.start(folder, name, directory.link);
    const { at: from } = await guest.do({ what: 'join', group: 'lobby' });
    const { ended } = await guest.do({ what: 'whole', group: 'lobby', count: LINES });
    const screen = (await guest.heard()).filter(({ history }) => history).slice(0, SCREEN);
    const newest = screen.some(({ text }) => text === `line ${LINES - 1}`);
    if (screen.length < SCREEN || !newest) throw new Error('the first screen is not the newest lines');
    const shown = Math.max(...screen.map(({ at }) => msBetween(from, at)));
    report.add({ name: `first screen of ${LINES} lines, ${name} newcomer`, value: shown, unit: 'ms' });
    report.add({ name: `all ${LINES} lines, ${name} newcomer`, value: msBetween(from, ended), unit: 'ms' });
    await guest.close();
  }
  await host.close();
}
