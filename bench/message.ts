import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerAccount } from '../src/peer/account/register.js';
import type { PeerApi } from '../src/peer/api/peer.js';
import { loginPeer } from '../src/peer/session/open.js';
import { act, arrival, ended, PASSWORD } from './support/chat-latency.js';
import type { Report } from './support/report.js';

const SINGLE = 500;
const PIPELINED = 5_000;

/**
 * Private messages between two people in processes of their own, the directory in a third, on loopback: everything
 * encrypted and on disk at both ends. Latency is from the call of `send` to the receiver's event.
 */
export default async function message(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  const directory = await act('directory', join(folder, 'directory'));
  const listener = await act('listener', join(folder, 'bob'), 'bob', directory.ready, PASSWORD);
  const home = join(folder, 'ada');
  await registerAccount({ home, user: 'ada', directory: directory.ready, password: PASSWORD });
  const ada = await loginPeer({ home, user: 'ada', password: PASSWORD, listen: '127.0.0.1:0' });
  try {
    await oneByOne(ada, listener.child, 50, 'warm');
    const times = (await oneByOne(ada, listener.child, SINGLE, 'single')).sort((a, b) => a - b);
    report.add({ name: 'private message, send to event, p50', value: times[Math.floor(SINGLE * 0.5)]!, unit: 'ms' });
    report.add({ name: 'private message, send to event, p99', value: times[Math.floor(SINGLE * 0.99)]!, unit: 'ms' });
    report.add({ name: 'one conversation, pipelined', value: await pipelined(ada, listener.child), unit: '/s' });
  } finally {
    await ada.close();
    await ended([listener.child, directory.child]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds each message took, the next sent when the one before has come. */
async function oneByOne(ada: PeerApi, listener: ChildProcess, count: number, name: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const text = `${name} ${n}`;
    const arrived = arrival(listener, text);
    const started = process.hrtime.bigint();
    await ada.send('bob', text);
    times.push(Number((await arrived) - started) / 1e6);
  }
  return times;
}

async function pipelined(ada: PeerApi, listener: ChildProcess): Promise<number> {
  const last = arrival(listener, `pipelined ${PIPELINED - 1}`);
  const started = process.hrtime.bigint();
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < PIPELINED; n++) sends.push(ada.send('bob', `pipelined ${n}`));
  await Promise.all(sends);
  return PIPELINED / (Number((await last) - started) / 1e9);
}
