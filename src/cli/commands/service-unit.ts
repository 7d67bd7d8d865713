import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../base/errors.js';

/** Services for systemd: units that see nothing of the machine but the program, a data folder of their own and the network. */

export interface ServiceUnit {
  /** Of p2pchat, by which the file is known as one that may be written anew. */
  readonly writtenBy: string;
  readonly description: string;
  /** What starts this program: Node and the file. */
  readonly program: readonly string[];
  /** What stands behind it. */
  readonly words: readonly string[];
  /** Its name below /var/lib. */
  readonly state: string;
  /** Further lines of [Service]. */
  readonly besides?: readonly string[];
}

const markOf = (writtenBy: string): string => `# Written by: p2pchat ${writtenBy}`;

/** A word of a command line in a unit (systemd.service(5), "Command lines"). */
const word = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

const inHome = (path: string): boolean => /^\/(home|root|run\/user)\//.test(path);

/** V8 makes code while it runs, so MemoryDenyWriteExecute is left out. */
export function unitText({ writtenBy, description, program, words, state, besides = [] }: ServiceUnit): string {
  return `${markOf(writtenBy)}
[Unit]
Description=${description}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${[...program, ...words].map(word).join(' ')}
${besides.map((line) => `${line}\n`).join('')}Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=65536

DynamicUser=yes
StateDirectory=${state}
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

/**
 * Of what scripts/install.sh has installed, the link that an upgrade moves: the folder that Node lies in is of one version
 * and goes with it.
 *
 * @param program its file
 */
export async function whatStarts(node: string, program: string): Promise<string[]> {
  const version = resolve(node, '../../../..');
  const current = join(version, '..', 'current');
  if ((await realpath(current).catch(() => undefined)) !== version) return [node, program];
  return [join(current, 'bin', 'p2pchat')];
}

/** For whoever installs one whose program lies where a service can't read. */
export function hiddenProgram({ program }: Pick<ServiceUnit, 'program'>): string[] {
  const hidden = program.filter(inHome);
  if (hidden.length === 0) return [];
  return [`${hidden.join(' and ')} lies in a home folder: the service can only run it where everybody may read that.`];
}

/** @throws Failure usage 'unit-exists', before anything is written */
export async function assertOwnUnit(path: string, writtenBy: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === undefined || before.startsWith(markOf(writtenBy))) return;
  throw new Failure('unit-exists', `${path} is there and was not written by this command.`, {
    hint: 'Move it away, or give another name with --unit FILE.',
  });
}

/**
 * @returns whether it was written: one that is there stays, with the flag 'wx'
 * @throws Failure denied 'install-denied'
 */
export async function writeInstalled(path: string, text: string, flag: 'w' | 'wx', hint: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag, mode: 0o644 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && flag === 'wx') return false;
    throw new Failure('install-denied', `${path} cannot be written: ${code}.`, { hint, cause: error });
  }
}
