import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Failure } from '../../base/errors.js';
import type { Shell } from '../shell.js';
import { configTemplate } from './directory-config.js';

export interface InstallOptions {
  readonly unit?: string | undefined;
  readonly config?: string | undefined;
}

const UNIT = '/etc/systemd/system/p2pchat-directory.service';
const CONFIG_FILE = '/etc/p2pchat/directory.toml';
/** By it a file is known as one that may be written anew. */
const MARK = '# Written by: p2pchat directory install';

/** A word of a command line in a unit (systemd.service(5), "Command lines"). */
const word = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

const inHome = (path: string): boolean => /^\/(home|root|run\/user)\//.test(path);

/**
 * A service that sees nothing of the machine but the program, its own data folder and the network. V8 makes code while it
 * runs, so MemoryDenyWriteExecute is left out.
 */
export function unitText(program: readonly string[], config: string): string {
  const command = [...program, 'directory', 'start', '--config', config, '--data', '/var/lib/p2pchat', '--log', '-'];
  return `${MARK}
[Unit]
Description=p2pchat directory
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${command.map(word).join(' ')}
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=65536

DynamicUser=yes
StateDirectory=p2pchat
StateDirectoryMode=0700
UMask=0077
ProtectSystem=strict
ProtectHome=${program.some(inHome) ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** Writes the service and, where there is none yet, its configuration. It starts nothing. */
export async function directoryInstall(shell: Shell, options: InstallOptions): Promise<void> {
  const unit = resolve(options.unit ?? UNIT);
  const config = resolve(options.config ?? CONFIG_FILE);
  const program = [process.execPath, shell.parts.program];
  const before = await readFile(unit, 'utf8').catch(() => undefined);
  if (before !== undefined && !before.startsWith(MARK)) throw unitOfOthers(unit);
  const fresh = await write(config, configTemplate(), 'wx');
  await write(unit, unitText(program, config), 'w');
  const hidden = program.filter(inHome);
  const name = unit.split('/').at(-1)!;
  shell.output.say({ event: 'installed', unit, config, newConfig: fresh }, [
    `The service: ${unit}`,
    `Its options: ${config}${fresh ? '' : ' (was there, and is as it was)'}`,
    ...(hidden.length > 0
      ? [`${hidden.join(' and ')} lies in a home folder: the service can only run it where everybody may read that.`]
      : []),
    'Then type:',
    '  systemctl daemon-reload',
    `  systemctl enable --now ${name}`,
    '  p2pchat directory status --data /var/lib/p2pchat',
    `  journalctl -u ${name} -o cat | head    (the link, and the owner's invitation)`,
  ]);
}

/** @returns whether it was written: one that is there stays, with the flag 'wx' */
async function write(path: string, text: string, flag: 'w' | 'wx'): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag, mode: 0o644 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && flag === 'wx') return false;
    throw new Failure('install-denied', `${path} cannot be written: ${code}.`, {
      hint: 'Do it as root, or give other places with --unit FILE and --config FILE.',
      cause: error,
    });
  }
}

const unitOfOthers = (unit: string): Failure =>
  new Failure('unit-exists', `${unit} is there and was not written by this command.`, {
    hint: 'Move it away, or give another name with --unit FILE.',
  });
