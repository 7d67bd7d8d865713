import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { hex } from '../src/base/bytes.js';
import { systemRandom } from '../src/base/random.js';
import { type DeviceClient, signIn } from '../test/support/directory-client.js';
import { room } from './groups/fan-out.js';
import type { MadeDevice } from './support/directory-process.js';
import { type RemoteDirectory, tlsOf, type Used, withDirectory } from './support/remote-directory.js';
import { quantile, type Report } from './support/report.js';

const POSTS = 200;
const EVERY_MS = 50;

/** P8: what others notice of one who is logged in and sends as fast as he can. The directory has the limits it has for people. */
export default async function flood(report: Report): Promise<void> {
  process.env.P2PCHAT_BENCH_LIMITS = 'people';
  await withDirectory(async (directory) => {
    const made = await directory.ask<MadeDevice[]>('make', 5);
    const clients: DeviceClient[] = [];
    for (const device of made.slice(0, 4)) clients.push(await signIn(directory.link, tlsOf(device)));
    const group = await room(directory, made, clients);
    await talk(clients, group);
    const quiet = await talk(clients, group);
    const before = await directory.ask<Used>('used');
    const flooder = await start(directory, made[4]!, group);
    let sent = 0;
    flooder.on('message', (told: { sent?: number }) => {
      sent = told.sent ?? sent;
    });
    const began = performance.now();
    const flooded = await talk(clients, group);
    const seconds = (performance.now() - began) / 1_000;
    const after = await directory.ask<Used>('used');
    await talk(clients, group);
    const later = await directory.ask<Used>('used');
    flooder.disconnect();
    const p99 = (times: readonly number[]): number => quantile(times, 0.99);
    report.add({
      name: 'message of others, p99, quiet',
      value: p99(quiet),
      unit: 'ms',
      note: `p50 ${quantile(quiet, 0.5).toFixed(1)}`,
    });
    report.add({
      name: 'message of others, p99, flooded',
      value: p99(flooded),
      unit: 'ms',
      note: `p50 ${quantile(flooded, 0.5).toFixed(1)}`,
    });
    report.add({
      name: 'requests that left the flooder',
      value: sent / seconds,
      unit: '/s',
      note: 'as many as it could',
    });
    // V8 gives its young generation room once, for whatever makes garbage: what grows by the flood would go on growing.
    report.add({ name: 'memory, grown in the first 10 s of it', value: (after.rss - before.rss) / 1e6, unit: 'MB' });
    report.add({ name: 'memory, grown in the next 10 s', value: (later.rss - after.rss) / 1e6, unit: 'MB' });
    const busy = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100;
    report.add({ name: "the directory's processor", value: busy, unit: '%' });
    await Promise.all(clients.map((client) => client.close()));
  });
}

async function start({ link }: RemoteDirectory, device: MadeDevice, group: Uint8Array): Promise<ChildProcess> {
  const child = fork(new URL('./support/flooder.js', import.meta.url), [link, JSON.stringify(device), hex(group)]);
  await once(child, 'message');
  return child;
}

/** Posts in turn; milliseconds until the next one in the room has each. */
async function talk(clients: readonly DeviceClient[], group: Uint8Array): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < POSTS; at++) {
    const due = new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const id = systemRandom.bytes(16);
    const reader = clients[(at + 1) % clients.length]!;
    reader.notices.all.length = 0;
    const began = performance.now();
    const came = reader.notices.next(
      'groups.entry',
      ({ entry }) => entry.kind === 'message' && hex(entry.id) === hex(id),
    );
    await clients[at % clients.length]!.request('groups.post', {
      group,
      id,
      epoch: 0,
      sealed: systemRandom.bytes(600),
    });
    await came;
    times.push(performance.now() - began);
    await due;
  }
  return times;
}
