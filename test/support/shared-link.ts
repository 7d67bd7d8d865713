import { type ChildProcess, spawn } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Network } from '../../bench/support/network.js';
import type { Running, Said } from './processes.js';
import { isMessage, Stage } from './stage.js';

/**
 * A narrow line on which a transfer, a TCP flow (cubic) and a chat meet: three hosts' worth of programs on two hosts, the
 * directory on the sender's. What each got, and how long the messages took.
 */

/** 10 Mbit/s. */
const RATE = 1_250_000;
/** What its queue holds, at that rate. */
const QUEUE_MS = 100;
const MESSAGE_EVERY_MS = 100;

export interface Shared {
  /** Bytes per second, of content. */
  readonly tcp: number;
  readonly transfer: number;
  /** Milliseconds from Enter to the other's event, of each message. */
  readonly chat: readonly number[];
}

const SINK = `require('net').createServer((s) => { let n = 0; s.on('data', (d) => { n += d.length; });
  setInterval(() => console.log(n), 50); }).listen(5001, '10.77.0.2', () => console.log(0))`;
const FLOW = `const s = require('net').connect(5001, '10.77.0.2'); const b = Buffer.alloc(65536);
  const go = () => { while (s.write(b)); }; s.on('connect', go).on('drain', go)`;

export interface SharedSettings {
  /** After the transfer has begun, until both have found their share. */
  readonly settleMs: number;
  readonly measureMs: number;
}

export async function shareLink({ settleMs, measureMs }: SharedSettings): Promise<Shared> {
  const network = Network.wire();
  const stage = new Stage();
  const flows: ChildProcess[] = [];
  const node = (host: Network['a'], script: string): ChildProcess => {
    const [command, args] = network.on(host, process.execPath, '-e', script);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    flows.push(child);
    return child;
  };
  try {
    stage.host = network.a.address;
    stage.within = network.within(network.a);
    await stage.open();
    const [anna, bert] = await Promise.all([
      stage.registeredOn('anna', network.within(network.a)),
      stage.registeredOn('bert', network.within(network.b)),
    ]);
    const to = join(stage.workshop.folder, 'in');
    const [at, receiving] = await Promise.all([anna.chat(), bert.listen('--accept', 'all', '--to', to)]);
    at.type('/msgto bert hello');
    await receiving.event(isMessage('hello'));
    network.setRate(RATE, QUEUE_MS);
    network.run(
      network.a,
      'ip',
      'route',
      'change',
      '10.77.0.0/24',
      'dev',
      'w',
      'src',
      network.a.address,
      'congctl',
      'cubic',
    );
    let received = 0;
    const sink = node(network.b, SINK);
    createInterface({ input: sink.stdout! }).on('line', (line) => {
      received = Number(line);
    });
    await new Promise((resolve) => sink.stdout!.once('data', resolve));
    node(network.a, FLOW);
    // Never read: all of it is one hole.
    const path = join(stage.workshop.folder, 'large.bin');
    writeFileSync(path, '');
    truncateSync(path, 500_000_000);
    at.type(`/p2pfile bert ${path}`);
    await receiving.event((said) => bytesOf(said) > 0);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const before = { tcp: received, transfer: latest(receiving) };
    const chat = await talk(at, receiving, measureMs);
    const after = { tcp: received, transfer: latest(receiving) };
    const seconds = chat.took / 1_000;
    return {
      tcp: (after.tcp - before.tcp) / seconds,
      transfer: (after.transfer - before.transfer) / seconds,
      chat: chat.times,
    };
  } finally {
    for (const child of flows) child.kill('SIGKILL');
    await stage.close();
    network.close();
  }
}

const bytesOf = (said: Said): number =>
  said.event === 'transfer' && said.state === 'running' ? Number(said.bytes) : 0;
const latest = (receiving: Running): number => Math.max(...receiving.events.map(bytesOf));

/** A message now and then, each waited for. */
async function talk(at: Running, receiving: Running, ms: number) {
  const times: number[] = [];
  const begun = performance.now();
  while (performance.now() - begun < ms) {
    const text = `message ${times.length}`;
    const sentAt = performance.now();
    at.type(text);
    await receiving.event(isMessage(text));
    times.push(performance.now() - sentAt);
    const wait = MESSAGE_EVERY_MS - (performance.now() - sentAt);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return { times, took: performance.now() - begun };
}
