import { join } from 'node:path';
import { listenOption, neededDirectory, parentGone } from '../options.js';
import type { Shell } from '../shell.js';
import { type RelayLimitOptions, relayLimits } from './relay-limits.js';

export interface RelayStartOptions extends RelayLimitOptions {
  readonly directory?: string | undefined;
  readonly listen?: string | undefined;
  readonly name?: string | undefined;
  readonly data?: string | undefined;
  readonly 'with-parent'?: boolean | undefined;
}

const DEFAULT_LISTEN = '0.0.0.0:4001';
const REPORT_EVERY_MS = 60_000;

/** Runs a relay until it is told to end. */
export async function relayStart(shell: Shell, options: RelayStartOptions): Promise<void> {
  const directory = neededDirectory(shell, options, undefined);
  const { startStandaloneRelay } = await shell.parts.relay();
  shell.endsWell();
  const relay = await startStandaloneRelay({
    directory,
    listen: listenOption(options.listen) ?? DEFAULT_LISTEN,
    data: options.data ?? join(shell.home, 'relay'),
    limits: relayLimits(options),
    ...(options.name !== undefined && { name: options.name }),
  });
  shell.scope.defer(() => relay.close());
  shell.output.say({ event: 'ready', relay: relay.line }, [
    `The relay is ready: ${relay.line}`,
    'Devices use it once the directory tells them of it. Whoever runs the directory types:',
    `  p2pchat directory relay add '${relay.line}'`,
  ]);
  let told = 0;
  const timer = setInterval(() => {
    const { bindings, bytes, datagrams, queued, dropped, refused } = relay.counters;
    if (bytes === told) return;
    told = bytes;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const said = `${bindings} devices; ${Math.round(bytes / 1e6)} MB sent on in all, ${lost} datagrams dropped`;
    shell.output.say({ event: 'relayed', bindings, bytes, datagrams, queued, dropped, refused }, [said]);
  }, REPORT_EVERY_MS);
  shell.scope.defer(() => clearInterval(timer));
  await Promise.race([relay.ended, parentGone(shell, options)]);
}
