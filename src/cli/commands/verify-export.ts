import { resolve } from 'node:path';
import { Failure } from '../../base/errors.js';
import { field, messageCount } from '../../commands/format-message.js';
import { parseLink } from '../../wire/link.js';
import { givenDirectory, type PeerOptions } from '../options.js';
import type { Shell } from '../shell.js';

export interface VerifyExportOptions extends Pick<PeerOptions, 'directory'> {
  readonly file: string;
  readonly fingerprint?: string | undefined;
}

const FINGERPRINT = /^[A-Za-z0-9_-]{43}$/;

/** Needs neither a profile nor the network: the fingerprint alone. */
export async function verifyExport(shell: Shell, options: VerifyExportOptions): Promise<void> {
  const { verifyExport: verify } = await shell.parts.peer();
  const directory = await believed(shell, options);
  const { room, by, lines, left } = await verify(resolve(options.file), directory);
  const at = new Date(room.at).toISOString();
  const verified = { group: `#${room.name}`, room: room.room, directory, by: by.user, device: by.device, at };
  shell.output.say({ event: 'verified', ...verified, lines, left }, [
    `Verified: ${messageCount(lines)} of #${field(room.name)}, each signed by its author, at the directory ${directory}.`,
    `Whole and in order as ${field(by.user)} (${by.device}) exported it on ${at}.`,
    ...(left === 0
      ? []
      : [`${messageCount(left)} more had been there, of which the log of the group had none any more.`]),
  ]);
}

/** @throws Failure usage 'directory-needed', 'argument-invalid' */
async function believed(shell: Shell, { directory, fingerprint }: VerifyExportOptions): Promise<string> {
  if (fingerprint !== undefined) {
    if (FINGERPRINT.test(fingerprint)) return fingerprint;
    throw new Failure('argument-invalid', '--fingerprint: that is not the fingerprint of a directory.', {
      hint: "It is what stands behind '#' in the directory's link: 43 letters, digits, - and _.",
    });
  }
  const { profile } = await shell.parts.peer();
  const link = givenDirectory(shell, { directory }) ?? (await profile(shell.home))?.directory;
  if (link === undefined) throw new Failure('directory-needed');
  return parseLink(link).fingerprint;
}
