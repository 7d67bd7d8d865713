import { device, engine, keyPackageOf, Room } from '../../test/support/mls.js';
import { Town } from '../../test/support/town.js';
import { quantile, type Report } from '../support/report.js';

const MEMBERS = 100;
const ADDED = 7;

/** Adding somebody to a large group: all of it, as the one who adds sees it, and the cryptography alone. */
export default async function addition(report: Report): Promise<void> {
  const town = await Town.build();
  try {
    const owner = await town.owner();
    await owner.groups.create('large');
    const times: number[] = [];
    for (let at = 1; at < MEMBERS + ADDED; at++) {
      // Its key packages wait for it at the directory; it needn't be there.
      await (await town.settle(`m${at}`)).close();
      const began = performance.now();
      await owner.groups.add('large', `m${at}`);
      if (at >= MEMBERS) times.push(performance.now() - began);
    }
    const note = `median of ${ADDED}: act, key package, commit, Welcome, group info, all on disk; hybrid suite`;
    report.add({
      name: `addition to a group of ${MEMBERS}, at the adder`,
      value: quantile(times, 0.5),
      unit: 'ms',
      note,
    });
    report.add({ name: `addition to a group of ${MEMBERS}, the slowest`, value: Math.max(...times), unit: 'ms' });
  } finally {
    await town.close();
  }
  for (const suite of ['hybrid', 'classic'] as const) await cryptography(report, suite);
}

async function cryptography(report: Report, suite: 'hybrid' | 'classic'): Promise<void> {
  const room = await Room.of(MEMBERS, suite);
  const keyPackage = await keyPackageOf(device('newcomer'), suite);
  const began = performance.now();
  const made = await engine.commit(room.states[0]!, { add: [keyPackage.public] });
  const info = await engine.groupInfo(made.next);
  report.add({ name: `its commit and group info alone, ${suite}`, value: performance.now() - began, unit: 'ms' });
  report.add({ name: `group info of ${MEMBERS + 1} devices, ${suite}`, value: info.length / 1024, unit: 'KiB' });
}
