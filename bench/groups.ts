import { performance } from 'node:perf_hooks';
import { systemRandom } from '../src/base/random.js';
import type { DeviceSession } from '../src/directory/delivery/sessions.js';
import type { PeerApi } from '../src/peer/api.js';
import { device, engine, keyPackageOf, Room } from '../test/support/mls.js';
import { Town, watch } from '../test/support/town.js';
import type { Report } from './support/report.js';

const MEMBERS = 20;
const MESSAGES = 200;
const POSTS = 20_000;
const DEVICES = 100;
const IN_FLIGHT = 256;

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

/** Groups: a message to many, the directory's fan-out, an addition to a large group. */
export default async function groups(report: Report): Promise<void> {
  const town = await Town.build();
  try {
    const peers = [await town.owner()];
    while (peers.length < MEMBERS) peers.push(await town.settle(`m${peers.length}`));
    for (const peer of peers) await peer.groups.join('lobby');
    await messages(report, peers);
    await Promise.all(peers.map((peer) => peer.close()));
    await fanOut(report, town);
  } finally {
    await town.close();
  }
  await addition(report);
}

/** From the call to the event at the last of the members. */
async function messages(report: Report, peers: readonly PeerApi[]): Promise<void> {
  const watched = peers.map(watch);
  const times: number[] = [];
  for (let at = 0; at < MESSAGES; at++) {
    const sender = at % peers.length;
    const began = performance.now();
    const text = `message ${at}`;
    await peers[sender]!.send('#lobby', text);
    await Promise.all(watched.map((one, index) => (index === sender ? undefined : one.message(text))));
    times.push(performance.now() - began);
  }
  const note = 'directory and all members in one process';
  report.add({
    name: `message to ${MEMBERS} members, to the last event, p50`,
    value: quantile(times, 0.5),
    unit: 'ms',
    note,
  });
  report.add({
    name: `message to ${MEMBERS} members, to the last event, p99`,
    value: quantile(times, 0.99),
    unit: 'ms',
    note,
  });
}

/** The directory's part alone: posts on disk, entries encoded once and handed to each session. */
async function fanOut(report: Report, town: Town): Promise<void> {
  const { core } = town.directory.site;
  const group = await core.namedGroups.need((await core.namedGroups.find('lobby')).group!);
  let delivered = 0;
  const members = group.roster.members().map(({ user }) => user);
  for (let at = 0; at < DEVICES; at++) {
    const user = members[at % members.length]!;
    core.sessions.add(sessionOf(user, at, () => delivered++));
  }
  const from = { user: members[0]!, device: '0'.repeat(16) };
  const sealed = systemRandom.bytes(600);
  const flying = new Set<Promise<unknown>>();
  const began = performance.now();
  for (let at = 0; at < POSTS; at++) {
    const message = { id: systemRandom.bytes(16), epoch: group.epoch, sealed };
    const post = group.post(from, message, { now: Date.now(), moderates: true });
    flying.add(post);
    void post.then(() => flying.delete(post));
    if (flying.size >= IN_FLIGHT) await Promise.race(flying);
  }
  await Promise.all(flying);
  const seconds = (performance.now() - began) / 1000;
  const note = 'without TLS; 600 bytes a message';
  report.add({ name: 'posts to one group, durable', value: POSTS / seconds, unit: '/s', note });
  report.add({ name: `deliveries to ${DEVICES} devices`, value: delivered / seconds, unit: '/s', note });
}

function sessionOf(user: string, at: number, onPushed: () => void): DeviceSession {
  const nothing = (): void => {};
  return {
    ...{ user, folded: user.toLowerCase(), device: at.toString(16).padStart(16, '0'), instance: '', role: 'beginner' },
    ...{ state: 'online', endpoints: [], watching: new Set<string>() },
    ...{
      notify: nothing,
      push: nothing,
      replacedBy: nothing,
      end: nothing,
      roleChanged: nothing,
      pushSignal: () => {},
      pushEncoded: onPushed,
    },
  };
}

/** At the adder: the commit, the Welcome and the group info for those who join next. */
async function addition(report: Report): Promise<void> {
  for (const suite of ['hybrid', 'classic'] as const) {
    const room = await Room.of(100, suite);
    const keyPackage = await keyPackageOf(device('newcomer'), suite);
    const began = performance.now();
    const made = await engine.commit(room.states[0]!, { add: [keyPackage.public] });
    const info = await engine.groupInfo(made.next);
    report.add({ name: `addition to a group of 100, ${suite}`, value: performance.now() - began, unit: 'ms' });
    report.add({ name: `group info of 101 devices, ${suite}`, value: info.length / 1024, unit: 'KiB' });
  }
}
