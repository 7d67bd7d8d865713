import { Failure } from '../../base/errors.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { UPLOADS_IN_FLIGHT } from '../../wire/limits.js';
import { may } from '../../wire/roles.js';
import type { DeviceSession } from '../delivery/sessions.js';
import type { Handlers } from './dispatch.js';
import { joined } from './groups.js';
import type { Signed } from './request-context.js';

type Uploading = Extract<keyof DirectoryMethods, `uploads.${string}` | `deposits.${string}`>;

/** Files for groups: only for who is a member when he asks. Deposits: for the two sides of each. */
export const uploadHandlers: Pick<Handlers<DirectoryMethods, Signed>, Uploading> = {
  'uploads.begin': async (signed, { size, ...id }) => {
    const group = await joined(signed, id.group);
    const { user, folded, role } = signed.session;
    group.roster.assertMayWrite({ user, role, now: signed.core.clock.now() });
    const { have, finished } = await signed.core.uploads.begin(id, { user, folded }, size);
    return { have, finished };
  },
  'uploads.put': (signed, { block, sealed, ...id }) =>
    fewAtOnce(signed.session, async () => {
      await joined(signed, id.group);
      await signed.core.uploads.put(id, signed.session.folded, block, sealed);
      signed.core.meter.uploaded(sealed.length);
      return {};
    }),
  'uploads.finish': async (signed, id) => {
    await joined(signed, id.group);
    return { expires: await signed.core.uploads.finish(id, signed.session.folded) };
  },
  'uploads.get': (signed, { block, ...id }) =>
    fewAtOnce(signed.session, async () => {
      await joined(signed, id.group);
      const sealed = await signed.core.uploads.get(id, block);
      signed.core.meter.downloaded(sealed.length);
      return { sealed };
    }),
  'uploads.list': async (signed, { group }) => {
    await joined(signed, group);
    return { uploads: await signed.core.uploads.list(group) };
  },
  /** Also by who has left the group since. */
  'uploads.remove': async ({ core, session }, id) => {
    await core.uploads.remove(id, { folded: session.folded, any: may(session.role, 'upload.remove') });
    return {};
  },

  'deposits.room': async ({ core, session }) => core.uploads.room(session.folded),
  'deposits.begin': async ({ core, session }, { deposit, to, size }) => {
    const { user, folded } = session;
    const people = new Set<string>();
    for (const name of to) people.add((await core.accounts.need(name)).folded);
    return core.uploads.begin({ deposit }, { user, folded }, size, { to: [...people] });
  },
  'deposits.put': ({ core, session }, { deposit, block, sealed }) =>
    fewAtOnce(session, async () => {
      await core.uploads.put({ deposit }, session.folded, block, sealed);
      core.meter.uploaded(sealed.length);
      return {};
    }),
  'deposits.finish': async ({ core, session }, id) => ({ expires: await core.uploads.finish(id, session.folded) }),
  'deposits.find': ({ core, session }, id) => core.uploads.find(id, session.folded),
  'deposits.get': ({ core, session }, { deposit, block }) =>
    fewAtOnce(session, async () => {
      const sealed = await core.uploads.get({ deposit }, block, session.folded);
      core.meter.downloaded(sealed.length);
      return { sealed };
    }),
  'deposits.taken': async ({ core, session }, id) => {
    await core.uploads.taken(id, session.folded);
    return {};
  },
  /** By who laid it down, or an admin. */
  'deposits.remove': async ({ core, session }, id) => {
    await core.uploads.remove(id, { folded: session.folded, any: may(session.role, 'upload.remove') });
    return {};
  },
};

const underWay = new WeakMap<DeviceSession, number>();

/** Each holds a block in memory: a device that asks for more at once than it should is refused, not served later. */
export async function fewAtOnce<T>(session: DeviceSession, work: () => Promise<T>): Promise<T> {
  const before = underWay.get(session) ?? 0;
  if (before >= UPLOADS_IN_FLIGHT) {
    throw new Failure('uploads-in-flight', `more than ${UPLOADS_IN_FLIGHT} blocks at once`);
  }
  underWay.set(session, before + 1);
  try {
    return await work();
  } finally {
    underWay.set(session, underWay.get(session)! - 1);
  }
}
