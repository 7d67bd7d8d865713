import { systemRandom } from '../../src/base/random.js';
import { chained, digestOf, NO_ACTS, signStatement } from '../../src/crypto/acts.js';
import type { Statement } from '../../src/wire/acts.js';
import { FrameDecoder } from '../../src/wire/frame.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { type DeviceClient, signIn } from '../../test/support/directory-client.js';
import type { MadeDevice } from '../support/directory-process.js';
import { type RemoteDirectory, tlsOf, type Used, withDirectory } from '../support/remote-directory.js';
import { medianOf, type Report } from '../support/report.js';

const DEVICES = 100;
const POSTERS = 4;
const IN_FLIGHT = 64;
const POSTS = 12_000;
const SEALED = 600;
const RUNS = 3;

/** The directory's part of a message: on its disk, then to each device over TLS. The devices only count what comes. */
export default async function fanOut(report: Report): Promise<void> {
  await withDirectory(async (directory) => {
    const made = await directory.ask<MadeDevice[]>('make', DEVICES);
    const clients: DeviceClient[] = [];
    for (const device of made) clients.push(await signIn(directory.link, tlsOf(device)));
    const group = await room(directory, made, clients);
    let delivered = 0;
    for (const client of clients) countEntries(client, () => delivered++);
    let cpu = 0;
    const rate = await medianOf(RUNS, async () => {
      const before = await directory.ask<Used>('used');
      delivered = 0;
      const began = performance.now();
      await Promise.all(clients.slice(0, POSTERS).map((client) => post(client, group, POSTS / POSTERS)));
      while (delivered < POSTS * DEVICES) await new Promise((resolve) => setTimeout(resolve, 1));
      const seconds = (performance.now() - began) / 1_000;
      cpu = (await directory.ask<Used>('used')).cpuSeconds - before.cpuSeconds;
      return POSTS / seconds;
    });
    const note = `${SEALED} bytes each, TLS; the devices on the same two cores`;
    report.add({ name: 'posts to one group, durable', value: rate, unit: '/s', note });
    report.add({ name: `deliveries to ${DEVICES} devices`, value: rate * DEVICES, unit: '/s', note });
    report.add({ name: "posts, by the directory's CPU time", value: POSTS / cpu, unit: '/s' });
    report.add({ name: 'the directory, resident', value: (await directory.ask<Used>('used')).rss / 1e6, unit: 'MB' });
    await Promise.all(clients.map((client) => client.close()));
  });
}

/** A room with everybody in it. What only devices would read is left empty: the directory can't tell. */
export async function room({ link }: RemoteDirectory, made: readonly MadeDevice[], clients: readonly DeviceClient[]) {
  const group = systemRandom.bytes(16);
  const sign = (at: number, previous: Uint8Array, deed: object) => {
    const common = { directory: parseLink(link).fingerprint, group, previous, at: Date.now() };
    return signStatement({ ...common, ...deed } as Statement, tlsOf(made[at]!).tls.key);
  };
  const create = { action: 'create', name: 'lobby', kind: 'open', history: 'joined' };
  await clients[0]!.request('groups.create', { group, ...sign(0, NO_ACTS, create), info: new Uint8Array(8) });
  for (let at = 1; at < clients.length; at++) {
    const head = await headOf(clients[at]!, group);
    await clients[at]!.request('groups.act', { group, ...sign(at, head, { action: 'join' }) });
  }
  return group;
}

async function headOf(client: DeviceClient, group: Uint8Array): Promise<Uint8Array> {
  let head = NO_ACTS;
  for (let from = 0, more = true; more; ) {
    const page = await client.request('groups.acts', { group, from });
    for (const { act } of page.acts) head = chained(head, digestOf(act));
    from += page.acts.length;
    more = page.more;
  }
  return head;
}

/** Entries are told from answers by their size and not read: a device has a processor of its own for that. */
function countEntries({ socket, session }: DeviceClient, onEntry: () => void): void {
  const decoder = new FrameDecoder(FRAME_BYTES);
  socket.removeAllListeners('data');
  socket.on('data', (chunk) => {
    for (const payload of decoder.push(chunk)) {
      if (payload.length > SEALED) onEntry();
      else session.receive(framed(payload));
    }
  });
}

function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, 4);
  return frame;
}

async function post(client: DeviceClient, group: Uint8Array, count: number): Promise<void> {
  const flying = new Set<Promise<unknown>>();
  for (let at = 0; at < count; at++) {
    const posting = client.request('groups.post', {
      ...{ group, id: systemRandom.bytes(16), epoch: 0, sealed: systemRandom.bytes(SEALED) },
    });
    flying.add(posting);
    void posting.then(() => flying.delete(posting));
    if (flying.size >= IN_FLIGHT) await Promise.race(flying);
  }
  await Promise.all(flying);
}
