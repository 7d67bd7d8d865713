import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member, msBetween } from '../support/members.js';
import { type RemoteDirectory, type Used, withDirectory } from '../support/remote-directory.js';
import { quantile, type Report } from '../support/report.js';

const MEMBERS = Number(process.env.P2PCHAT_BENCH_MEMBERS ?? 20);
const WARM = 40;
const MESSAGES = 300;
const EVERY_MS = 100;

/** From the call of `send` to the event at the last of the others; each member and the directory in a process of its own. */
export default async function messages(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  try {
    await withDirectory((directory) => inRoom(report, folder, directory));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inRoom(report: Report, folder: string, directory: RemoteDirectory): Promise<void> {
  const members: Member[] = [];
  for (let at = 0; at < MEMBERS; at++) {
    const member = await Member.start(folder, `m${at}`, directory.link);
    await member.do({ what: 'join', group: 'lobby' });
    members.push(member);
  }
  await say(members, WARM, 'warm');
  const before = await used(members, directory);
  const times = await say(members, MESSAGES, 'message');
  const after = await used(members, directory);
  const note = `one each ${EVERY_MS} ms; the directory and each member in a process, on the same two cores`;
  const name = `message to ${MEMBERS} members, to the last event`;
  for (const [label, q] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p99', 0.99],
  ] as const)
    report.add({ name: `${name}, ${label}`, value: quantile(times, q), unit: 'ms', note });
  const per = (total: number): number => total / MESSAGES;
  const system = per(after.system - before.system) / MEMBERS;
  report.add({
    name: 'CPU a message, one member',
    value: per(after.members - before.members) / MEMBERS,
    unit: 'ms',
    note: `${system.toFixed(2)} ms of it in the kernel`,
  });
  report.add({ name: 'CPU a message, the directory', value: per(after.directory - before.directory), unit: 'ms' });
  await Promise.all(members.map((member) => member.close()));
}

/** One message after the other, by another member each time. @returns the milliseconds to the last of the others */
async function say(members: readonly Member[], count: number, name: string): Promise<number[]> {
  const sent: string[] = [];
  for (let at = 0; at < count; at++) {
    const next = new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const { at: when } = await members[at % members.length]!.do({
      what: 'send',
      group: 'lobby',
      text: `${name} ${at}`,
    });
    sent.push(when);
    await next;
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const last = sent.map(() => 0);
  const heard = new Array<number>(count).fill(0);
  for (const member of members) {
    for (const { text, at: when } of await member.heard()) {
      const at = Number(text.slice(name.length + 1));
      if (!text.startsWith(`${name} `)) continue;
      heard[at]!++;
      last[at] = Math.max(last[at]!, msBetween(sent[at]!, when));
    }
  }
  if (heard.some((times) => times !== members.length - 1)) throw new Error('a message did not come to all in time');
  return last;
}

/** Milliseconds of processor time. */
async function used(members: readonly Member[], directory: RemoteDirectory) {
  const each = await Promise.all(members.map((member) => member.do({ what: 'used' })));
  const { cpuSeconds } = await directory.ask<Used>('used');
  return {
    members: each.reduce((sum, { cpu }) => sum + cpu, 0),
    system: each.reduce((sum, one) => sum + one.system, 0),
    directory: cpuSeconds * 1_000,
  };
}
