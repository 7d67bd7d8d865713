import { race } from '../../test/support/mls-race.js';
import { Town, watch } from '../../test/support/town.js';
import type { Report } from '../support/report.js';

const MEMBERS = Number(process.env.P2PCHAT_BENCH_MEMBERS ?? 50);
const ROUNDS = 5;

/** Everybody commits at once: by entering a room in the same moment, and by renewing their keys in the same epoch. */
export default async function commits(report: Report): Promise<void> {
  const town = await Town.build();
  try {
    const peers = [await town.owner()];
    while (peers.length <= MEMBERS) peers.push(await town.settle(`m${peers.length}`));
    const [owner, ...others] = peers as [(typeof peers)[0], ...typeof peers];
    await owner.groups.join('lobby');
    const watched = others.map(watch);
    const began = performance.now();
    await Promise.all(others.map((peer) => peer.groups.join('lobby')));
    const inside = performance.now();
    await owner.send('#lobby', 'can all of you read this?');
    await Promise.all(watched.map((one) => one.message('can all of you read this?')));
    const note = 'directory and all members in one process';
    report.add({ name: `${MEMBERS} enter at once, until all are inside`, value: inside - began, unit: 'ms', note });
    report.add({ name: 'and until all read the next message', value: performance.now() - began, unit: 'ms', note });
  } finally {
    await town.close();
  }
  const began = performance.now();
  await race({ members: MEMBERS, rounds: ROUNDS, suite: 'classic', seed: 1 });
  const note = `${MEMBERS} commits made, one taken, applied by all, authenticators compared; one core`;
  const value = (performance.now() - began) / ROUNDS;
  report.add({ name: `${MEMBERS} members renew their keys in one epoch`, value, unit: 'ms', note });
}
