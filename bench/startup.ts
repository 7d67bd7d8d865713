import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Stage } from '../test/support/stage.js';
import type { Report } from './support/report.js';

const RUNS = 21;
const bin = fileURLToPath(new URL('../bin/p2pchat.js', import.meta.url));

function milliseconds(args: readonly string[], home: string): number {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH, P2PCHAT_HOME: home },
    stdio: 'ignore',
  });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - begun;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** How much longer than an empty Node the commands take that only print: one run of each in turn, so that both meet the same load. */
export default async function benchStartup(report: Report): Promise<void> {
  const stage = await new Stage().open();
  try {
    const { home } = await stage.registered('ann');
    const commands = { empty: ['-e', '0'], help: [bin, '--help'], whoami: [bin, 'whoami'] } as const;
    const times: Record<keyof typeof commands, number[]> = { empty: [], help: [], whoami: [] };
    for (let run = 0; run < RUNS; run++) {
      for (const name of ['empty', 'help', 'whoami'] as const) times[name].push(milliseconds(commands[name], home));
    }
    const empty = median(times.empty);
    report.add({ name: 'node -e 0', value: empty, unit: 'ms' });
    for (const name of ['help', 'whoami'] as const) {
      const over = median(times[name]) - empty;
      report.add({
        name: `p2pchat ${name === 'help' ? '--help' : name}, more than that`,
        value: over,
        unit: 'ms',
        note: 'to reach: 150',
      });
    }
  } finally {
    await stage.close();
  }
}
