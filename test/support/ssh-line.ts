import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SSHD = '/usr/sbin/sshd';
const SLOW_LINE = fileURLToPath(new URL('./slow-line.js', import.meta.url));

/** Why there is none on this machine. */
export function noSsh(): string | false {
  if (!existsSync(SSHD) || !existsSync('/usr/bin/ssh')) return 'openssh-server is not installed';
  if (process.getuid?.() !== 0) return 'sshd as somebody else lets nobody in where its folder in /run is missing';
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'no mount namespaces';
  }
}

export interface SshLine {
  /** What runs a program at the other end; the program and its arguments follow. */
  readonly wrap: readonly string[];
  close(): void;
}

/**
 * A server of its own with keys of its own, by its standard input instead of a port, behind a slow line. The variables that
 * the trial needs are let through; of everything else a login over ssh has what it has.
 * @param delay milliseconds, each way @param rate bytes a second, each way
 */
export function sshLine(delay: number, rate: number): SshLine {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-ssh-'));
  const at = (name: string): string => join(folder, name);
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)], { stdio: 'ignore' });
  copyFileSync(at('user.pub'), at('authorized'));
  const server = [`HostKey ${at('host')}`, `AuthorizedKeysFile ${at('authorized')}`, 'StrictModes no', 'UsePAM no'];
  writeFileSync(at('sshd'), [...server, 'PermitRootLogin yes', 'AcceptEnv CHAT_*', 'PidFile none', ''].join('\n'));
  // Debian's sshd wants a folder in /run that only its service makes.
  const own = `mount -t tmpfs none /run && mkdir /run/sshd && exec ${SSHD} -i -f ${at('sshd')}`;
  writeFileSync(
    at('connect'),
    `#!/bin/sh\nexec '${process.execPath}' '${SLOW_LINE}' ${delay} ${rate} unshare -m sh -c '${own}'\n`,
    {
      mode: 0o700,
    },
  );
  const client = ['IdentitiesOnly=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const options = [`ProxyCommand=${at('connect')}`, 'SendEnv=CHAT_*', ...client].flatMap((option) => ['-o', option]);
  return {
    wrap: ['ssh', '-tt', '-F', '/dev/null', '-i', at('user'), ...options, 'root@trial'],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
