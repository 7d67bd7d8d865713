import { readDeviceCertificate } from '../../crypto/certificate.js';
import { actCodec, statementCodec } from '../../wire/acts.js';
import type { DirectoryNotices } from '../../wire/directory.js';
import type { GroupEntry } from '../../wire/groups.js';
import { foldName } from '../../wire/names.js';
import type { Notice } from '../../wire/rpc.js';
import { encodeNotice } from '../../wire/session.js';
import type { Sessions } from '../delivery/sessions.js';
import type { NamedGroup } from './named-group.js';

/**
 * Tells the members who are connected of an entry: encoded once, the same bytes for all.
 * @returns how many devices that were
 */
export function fanOut(sessions: Sessions, group: NamedGroup, entry: GroupEntry): number {
  let devices = 0;
  const told = new Set(group.roster.members().map(({ user }) => foldName(user)));
  if (entry.kind === 'act') for (const user of concerned(entry.act)) told.add(foldName(user));
  const frame = encodeNotice<DirectoryNotices, 'groups.entry'>('groups.entry', { group: group.id, entry });
  for (const user of told) {
    for (const session of sessions.of(user)) {
      session.pushEncoded(group.id, frame);
      devices++;
    }
  }
  return devices;
}

/** The same for a signal, to all members' devices but the one it is from. */
export function fanOutSignal(
  sessions: Sessions,
  group: NamedGroup,
  signal: Omit<Notice<DirectoryNotices, 'groups.signal'>, 'group'>,
): void {
  const frame = encodeNotice<DirectoryNotices, 'groups.signal'>('groups.signal', { group: group.id, ...signal });
  for (const { user } of group.roster.members()) {
    for (const session of sessions.of(foldName(user)))
      if (session.device !== signal.from.device) session.pushSignal(frame);
  }
}

/** Those whom the act is about, though they may be in the group no longer, or not yet. */
function concerned(encoded: Uint8Array): string[] {
  const { statement, certificate } = actCodec.decode(encoded);
  const decoded = statementCodec.decode(statement);
  return [readDeviceCertificate(certificate).user, ...('user' in decoded ? [decoded.user] : [])];
}
