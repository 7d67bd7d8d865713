import { resolve } from 'node:path';
import type { Shell } from '../shell.js';
import { configTemplate } from './directory-config.js';
import {
  assertOwnUnit,
  hiddenProgram,
  type ServiceUnit,
  unitText,
  whatStarts,
  writeInstalled,
} from './service-unit.js';

export interface InstallOptions {
  readonly unit?: string | undefined;
  readonly config?: string | undefined;
}

const UNIT = '/etc/systemd/system/p2pchat-directory.service';
const CONFIG_FILE = '/etc/p2pchat/directory.toml';
const ELSEWHERE = 'Do it as root, or give other places with --unit FILE and --config FILE.';

export const directoryUnit = (program: readonly string[], config: string): ServiceUnit => ({
  writtenBy: 'directory install',
  description: 'p2pchat directory',
  program,
  words: ['directory', 'start', '--config', config, '--data', '/var/lib/p2pchat', '--log', '-'],
  state: 'p2pchat',
});

/** Writes the service and, where there is none yet, its configuration. It starts nothing. */
export async function directoryInstall(shell: Shell, options: InstallOptions): Promise<void> {
  const unit = resolve(options.unit ?? UNIT);
  const config = resolve(options.config ?? CONFIG_FILE);
  const service = directoryUnit(await whatStarts(process.execPath, shell.parts.program), config);
  await assertOwnUnit(unit, service.writtenBy);
  const fresh = await writeInstalled(config, configTemplate(), 'wx', ELSEWHERE);
  await writeInstalled(unit, unitText(service), 'w', ELSEWHERE);
  const name = unit.split('/').at(-1)!;
  shell.output.say({ event: 'installed', unit, config, newConfig: fresh }, [
    `The service: ${unit}`,
    `Its options: ${config}${fresh ? '' : ' (was there, and is as it was)'}`,
    ...hiddenProgram(service),
    'Then type:',
    '  systemctl daemon-reload',
    `  systemctl enable --now ${name}`,
    '  p2pchat directory status --data /var/lib/p2pchat',
    `  journalctl -u ${name} -o cat | head    (the link, and the owner's invitation)`,
  ]);
}
