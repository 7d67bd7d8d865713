import { Failure } from '../../base/errors.js';
import { readAct, type SignedStatement, sealAct } from '../../crypto/acts.js';
import { type Act, type Statement, statementCodec } from '../../wire/acts.js';
import type { DeviceAddress, DirectoryMethods } from '../../wire/directory.js';
import { notInvited } from '../../wire/group-roster.js';
import { ACTS_PAGE, GROUP_LOG_PAGE, GROUPS_LISTED } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { may } from '../../wire/roles.js';
import type { Params } from '../../wire/rpc.js';
import { fanOutSignal } from '../groups/fan-out.js';
import type { NamedGroup } from '../groups/named-group.js';
import { storedEntryCodec } from '../groups/rows.js';
import { rateLimited } from '../guard/token-bucket.js';
import { PAGE_BYTES } from '../limits.js';
import { takeMessages } from './conversations.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';
import { assertFactor } from './second-factor.js';

type Grouping = Extract<keyof DirectoryMethods, `groups.${string}`>;

export const joined = async ({ core, session }: Signed, id: Uint8Array): Promise<NamedGroup> => {
  const group = await core.namedGroups.need(id);
  group.assertMember(session.folded);
  return group;
};

const visible = async ({ core, session }: Signed, id: Uint8Array): Promise<NamedGroup> => {
  const group = await core.namedGroups.need(id);
  assertVisible(group, session.folded);
  return group;
};

/** Named groups: their acts, commits and messages. Every one of these may be repeated after a lost answer. */
export const groupHandlers: Pick<Handlers<DirectoryMethods, Signed>, Grouping> = {
  'groups.list': listGroups,
  'groups.find': ({ core }, { name }) => core.namedGroups.find(name),
  'groups.create': create,
  'groups.act': async (signed, { group: id, ...statement }) => {
    takeMessages(signed, 1);
    const group = await signed.core.namedGroups.need(id);
    // Many may act at once, and all but one too late: that is seen before anything is verified.
    group.assertFollows(statementCodec.decode(statement.statement));
    const { act, encoded } = await sealed(signed, statement);
    assertOf(act, id);
    if (act.statement.action === 'renew') throw new Failure('act-misplaced');
    return { seq: await signed.core.namedGroups.act(group, act, encoded) };
  },
  'groups.renew': async (signed, { group: id, info, ...statement }) => {
    takeMessages(signed, 1);
    const group = await joined(signed, id);
    const { act, encoded } = await sealed(signed, statement);
    assertOf(act, id);
    const seq = await group.renew(act, encoded, info);
    await signed.core.namedGroups.putInfo(group, group.epoch, info);
    return { seq };
  },
  'groups.acts': async (signed, { group, from }) => (await visible(signed, group)).acts(from, ACTS_PAGE),
  'groups.info': async (signed, { group: id }) => {
    const group = await visible(signed, id);
    const info = await signed.core.namedGroups.info(group);
    if (info === undefined) throw new Failure('group-unknown', 'there is no such group');
    return { ...info, current: group.epoch, next: group.next + 1 };
  },
  'groups.info.put': async (signed, { group: id, epoch, info }) => {
    const group = await joined(signed, id);
    if (epoch === group.epoch) await signed.core.namedGroups.putInfo(group, epoch, info);
    return {};
  },
  'groups.welcome': async (signed, { group }) =>
    signed.core.namedGroups.welcomeFor(await joined(signed, group), signed.session.device),
  'groups.welcome.put': async (signed, { group: id, epoch, devices, welcome }) => {
    takeMessages(signed, 1);
    const group = await joined(signed, id);
    const names = devices.map(({ device }) => device);
    await signed.core.namedGroups.putWelcome(group, epoch, { from: address(signed), devices: names, welcome });
    return {};
  },
  'groups.commit': async (signed, { group: id, ...commit }) => {
    takeMessages(signed, 1);
    const group = await joined(signed, id);
    const seq = await group.commit(address(signed), commit);
    await signed.core.namedGroups.putInfo(group, commit.epoch + 1, commit.info);
    const { epoch, commit: bytes } = commit;
    const entry = { kind: 'commit' as const, epoch, commit: bytes, from: address(signed) };
    return { seq, proof: group.proofOf(seq, storedEntryCodec.encode(entry)) };
  },
  'groups.post': async (signed, { group: id, ...message }) => {
    takeMessages(signed, 1);
    const group = await joined(signed, id);
    const by = { now: signed.core.clock.now(), role: signed.session.role };
    return { seq: await group.post(address(signed), message, by) };
  },
  'groups.signal': async (signed, { group: id, ...signal }) => {
    const { core, session } = signed;
    const group = await joined(signed, id);
    const wait = core.rates.signals.take(session.folded, core.clock.monotonic());
    if (wait > 0) throw rateLimited(`more than ${core.limits.signals.perSecond} signals a second`, wait);
    if (signal.epoch !== group.epoch) return {};
    fanOutSignal(core.sessions, group, { ...signal, from: address(signed) });
    core.meter.signalled();
    return {};
  },
  'groups.restore': async (signed, { group: id, entries }) => {
    takeMessages(signed, 1);
    // The proofs say that a member had them; who is one is not known before they are here.
    return { next: (await signed.core.namedGroups.takeBack(id, entries)).next + 1 };
  },
  'groups.read': async (signed, { group, from, before }) =>
    (await joined(signed, group)).read(from, before, GROUP_LOG_PAGE, PAGE_BYTES),
};

const address = ({ session }: Signed): DeviceAddress => ({ user: session.user, device: session.device });

const targetOf = (statement: Statement): string | undefined => {
  if (statement.action === 'settings') return statement.silence?.user;
  return 'user' in statement ? statement.user : undefined;
};

/** The statement under the directory's seal, with every signature judged as any reader will. */
export async function sealed(by: Signed, signed: SignedStatement): Promise<{ act: Act; encoded: Uint8Array }> {
  const { core, session } = by;
  const { certificate } = await core.devices.need(session.folded, session.device);
  const statement = statementCodec.decode(signed.statement);
  await assertFactor(by, statement.action);
  const whom = targetOf(statement);
  const target = whom === undefined ? undefined : await core.accounts.need(whom);
  const encoded = sealAct(core.authority, signed, {
    certificate,
    role: session.role,
    at: core.clock.now(),
    ...(target && { targetRole: target.role }),
  });
  return { act: readAct(encoded, core.authority.trust), encoded };
}

function assertOf({ statement }: Act, id: Uint8Array): void {
  if (statement.group !== undefined && Buffer.compare(statement.group, id) === 0) return;
  throw new Failure('act-misplaced', 'the statement is about another group');
}

/** Open groups are seen by all; others by those who are or were in them or are invited: they learn that they had to go. */
function assertVisible(group: NamedGroup, folded: string): void {
  const standing = group.roster.standing(folded);
  if (group.roster.kind === 'open' || standing !== undefined) return;
  throw notInvited(group.roster.name);
}

async function create(signed: Signed, { group: id, info, ...statement }: Params<DirectoryMethods, 'groups.create'>) {
  const { core, session } = signed;
  takeMessages(signed, 1);
  const { act, encoded } = await sealed(signed, statement);
  assertOf(act, id);
  if (act.statement.action === 'create') {
    const { name, kind } = act.statement;
    const isRoom = core.namedGroups.isRoom(name);
    if (isRoom && kind !== 'open') throw roomTaken(name);
    if (kind === 'open' && !isRoom) await core.namedGroups.assertRoomForOpen(id);
    if (!isRoom && !may(session.role, 'group.create')) throw mayNotCreate(session.role);
  }
  return { seq: await core.namedGroups.create({ id, act, encoded, info }) };
}

async function listGroups({ core, session }: Signed) {
  const seen = new Map<string, NamedGroup>();
  for await (const group of core.namedGroups.groupsOf(session.folded)) {
    seen.set(foldName(group.roster.name), group);
  }
  for await (const group of core.namedGroups.all()) {
    // More than that only where they were made before it was counted; each is still found by its name.
    if (seen.size >= GROUPS_LISTED) break;
    if (group.roster.kind === 'open') seen.set(foldName(group.roster.name), group);
  }
  const groups = [...seen.values()].map((group) => describe(group, session.folded));
  const rooms = core.namedGroups.rooms.filter((room) => !seen.has(foldName(room)));
  return { groups: groups.filter(({ kind, state }) => kind === 'open' || state !== 'none'), rooms };
}

function describe(group: NamedGroup, folded: string) {
  const { name, kind, history } = group.roster;
  const standing = group.roster.standing(folded)?.state;
  const state: 'member' | 'invited' | 'none' = standing === 'member' || standing === 'invited' ? standing : 'none';
  return { group: group.id, name, kind, history, state, members: group.roster.members().length, next: group.next + 1 };
}

const roomTaken = (name: string): Failure =>
  new Failure('group-name-taken', `#${name} is one of this directory's rooms`, {
    hint: `Join it: /join ${name}`,
  });

const mayNotCreate = (role: string): Failure =>
  new Failure('not-permitted', `your role '${role}' does not allow to create groups`);
