import { basename, resolve } from 'node:path';
import type { AcceptMode } from '../../peer/api/peer.js';
import type { Shell } from '../shell.js';
import {
  assertOwnUnit,
  hiddenProgram,
  type ServiceUnit,
  unitText,
  whatStarts,
  writeInstalled,
} from './service-unit.js';

export interface KeeperInstallOptions {
  readonly unit?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly accept?: AcceptMode | undefined;
}

const UNIT = '/etc/systemd/system/p2pchat-keeper.service';
const PASSWORD_FILE = '/etc/p2pchat/keeper.password';
const STATE = 'p2pchat-keeper';
const HOME = `/var/lib/${STATE}`;

interface KeeperUnit {
  /** `NAME.service`: systemd puts its credentials below that. */
  readonly name: string;
  readonly passwordFile: string;
  readonly accept?: AcceptMode | undefined;
}

/** The password comes as a credential (systemd.exec(5), LoadCredential): the service itself can't read /etc/p2pchat. */
const keeperUnit = (program: readonly string[], { name, passwordFile, accept }: KeeperUnit): ServiceUnit => ({
  writtenBy: 'keeper install',
  description: 'p2pchat keeper: an always-on device of one account',
  program,
  words: [
    ...['keeper', '--password-file', `/run/credentials/${name}/password`],
    ...(accept === undefined ? [] : ['--accept', accept]),
  ],
  state: STATE,
  besides: [`Environment=P2PCHAT_HOME=${HOME}`, `LoadCredential=password:${passwordFile}`],
});

/** Writes the service. It starts nothing, and makes no device. */
export async function keeperInstall(shell: Shell, options: KeeperInstallOptions): Promise<void> {
  const unit = resolve(options.unit ?? UNIT);
  const passwordFile = resolve(options['password-file'] ?? PASSWORD_FILE);
  const name = basename(unit);
  const { accept } = options;
  const service = keeperUnit(await whatStarts(process.execPath, shell.parts.program), { name, passwordFile, accept });
  await assertOwnUnit(unit, service.writtenBy);
  await writeInstalled(unit, unitText(service), 'w', 'Do it as root, or give another place with --unit FILE.');
  shell.output.say({ event: 'installed', unit, home: HOME, passwordFile }, [
    `The service: ${unit}`,
    `Its profile: ${HOME}`,
    `The password: first line of ${passwordFile}, which root alone may read (chmod 600)`,
    'It will hold the keys and the history of your account: whoever is root on this machine reads all of it.',
    ...hiddenProgram(service),
    'Then type, as root:',
    `  P2PCHAT_HOME=${HOME} p2pchat login NAME --directory LINK --plain    (makes it a device; end it with Ctrl-D)`,
    '  systemctl daemon-reload',
    `  systemctl enable --now ${name}`,
    'And on a device that you have: p2pchat device allow ID',
  ]);
}
