import { hex } from '../../base/bytes.js';
import type { DirectoryMethods, Parcel } from '../../wire/directory.js';
import { GROUP_LOG_PAGE } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import { deviceUnknown } from '../authority/devices.js';
import { rateLimited } from '../guard/token-bucket.js';
import { PAGE_BYTES } from '../limits.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

type Delivering =
  | 'mailbox.put'
  | 'mailbox.read'
  | 'mailbox.ack'
  | 'direct.get'
  | 'direct.create'
  | 'group.commit'
  | 'group.read';

/** Sealed messages and commits on their way. Every one of these may be repeated after a lost answer. */
export const conversationHandlers: Pick<Handlers<DirectoryMethods, Signed>, Delivering> = {
  'mailbox.put': async (signed, { parcels }) => {
    takeMessages(signed, new Set(parcels.map(({ id }) => hex(id))).size);
    await assertDevices(signed, parcels);
    await putAll(signed, parcels);
    return {};
  },
  'mailbox.read': async ({ core, session }, { after, limit }) => {
    const page = await core.mailboxes.read(session.folded, session.device, after, limit, PAGE_BYTES);
    core.meter.collected(page.entries.length);
    return page;
  },
  'mailbox.ack': async ({ core, session }, { through }) => {
    await core.mailboxes.ack(session.folded, session.device, through);
    return {};
  },
  'direct.get': async ({ core, session }, { user }) => {
    const account = await core.accounts.need(user);
    return (await core.direct.get(session.folded, account.folded)) ?? { number: 0 };
  },
  'direct.create': createDirect,
  'group.commit': commit,
  'group.read': async ({ core, session }, { group, from }) => {
    await core.groupLogs.membersFor(session.folded, group);
    return core.groupLogs.read(group, from, GROUP_LOG_PAGE, PAGE_BYTES);
  },
};

async function createDirect(signed: Signed, params: Params<DirectoryMethods, 'direct.create'>) {
  const { core, session } = signed;
  const { user, number, group, parcels } = params;
  const account = await core.accounts.need(user);
  takeMessages(signed, 1);
  await assertDevices(signed, parcels, [session.folded, account.folded]);
  await core.direct.create(session.folded, account.folded, { number, group });
  await putAll(signed, parcels);
  return {};
}

async function commit(signed: Signed, params: Params<DirectoryMethods, 'group.commit'>) {
  const { core, session } = signed;
  const { group, epoch, commit: bytes, parcels } = params;
  const members = await core.groupLogs.membersFor(session.folded, group);
  takeMessages(signed, 1);
  await assertDevices(signed, parcels, members);
  const from = { user: session.user, device: session.device };
  const entry = { epoch, commit: bytes, from };
  await core.groupLogs.append(group, entry);
  await putAll(signed, parcels);
  // Also where it came again: the first time may have been broken off before anybody was told.
  tellMembers(signed, members, { group, ...entry });
  return {};
}

function tellMembers(
  { core, session }: Signed,
  members: readonly string[],
  notice: { group: Uint8Array; epoch: number; commit: Uint8Array; from: { user: string; device: string } },
): void {
  for (const member of members) {
    for (const other of core.sessions.of(member)) if (other !== session) other.notify('group.commit', notice);
  }
}

const putAll = ({ core, session }: Signed, parcels: readonly Parcel[]): Promise<void> =>
  core.mailboxes.put({ user: session.user, device: session.device }, parcels);

/** @throws Failure limit 'rate-limited', with details.seconds */
export function takeMessages({ core, session }: Signed, count: number): void {
  const wait = core.rates.messages.take(session.folded, core.clock.monotonic(), count);
  if (wait > 0) throw rateLimited(`more than ${core.limits.messages.perSecond} messages a second`, wait);
}

/** All of them, before any is stored. @throws Failure unknown 'device-unknown' */
async function assertDevices(
  { core }: Signed,
  parcels: readonly Parcel[],
  accounts?: readonly string[],
): Promise<void> {
  const known = new Map<string, readonly string[]>();
  for (const { user, device } of parcels) {
    const folded = foldName(user);
    if (accounts !== undefined && !accounts.includes(folded)) throw deviceUnknown(user, device);
    const devices = known.get(folded) ?? (await core.devices.row(folded)).devices.map((entry) => entry.device);
    known.set(folded, devices);
    if (!devices.includes(device)) throw deviceUnknown(user, device);
  }
}
