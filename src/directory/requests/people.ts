import { Failure } from '../../base/errors.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { KEY_PACKAGES_LOW } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import type { PersonSeen } from '../delivery/people.js';
import { rateLimited } from '../guard/buckets.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './signed.js';

type Seeing = 'users.list' | 'roster.get' | 'keypackages.publish' | 'keypackages.claim';

/** Who is there, and what it takes to write to them. */
export const peopleHandlers: Pick<Handlers<DirectoryMethods, Signed>, Seeing> = {
  'users.list': listUsers,
  'roster.get': async (signed, { user, watch }) => {
    const { core, session } = signed;
    const account = await core.accounts.need(user);
    if (watch) assertWatch(signed, account.folded);
    // Watched before it is read: what changes after is told.
    if (watch) core.sessions.watch(session, account.folded);
    return core.people.roster(account);
  },
  'keypackages.publish': async ({ core, session: { folded, device } }, { packages }) => {
    const before = await core.keyPackages.count(folded, device);
    const kept = await core.keyPackages.publish(folded, device, packages);
    if (before === 0 && kept > 0) await core.people.canBeAdded(folded);
    return { kept };
  },
  'keypackages.claim': claim,
};

async function listUsers({ core }: Signed, { after, limit }: Params<DirectoryMethods, 'users.list'>) {
  const users: PersonSeen[] = [];
  for await (const account of core.accounts.list(after)) {
    if (users.length >= limit) return { users, more: true };
    users.push(await core.people.seen(account));
  }
  return { users, more: false };
}

async function claim({ core, session }: Signed, { devices }: Params<DirectoryMethods, 'keypackages.claim'>) {
  const wait = core.rates.claims.take(session.folded, core.clock.monotonic(), devices.length);
  if (wait > 0) throw rateLimited('too many key packages were asked for', wait);
  const packages: { device: string; package: Uint8Array }[] = [];
  for (const { user, device } of devices) {
    const folded = foldName(user);
    if ((await core.devices.find(folded, device)) === undefined) continue;
    const claimed = await core.keyPackages.claim(folded, device);
    if (claimed !== undefined) packages.push({ device, package: claimed });
    const owner = core.sessions.find(folded, device);
    if (owner === undefined) continue;
    const left = await core.keyPackages.count(folded, device);
    if (left <= KEY_PACKAGES_LOW) owner.notify('keypackages.low', { left });
  }
  return { packages };
}

function assertWatch({ core, session }: Signed, folded: string): void {
  const { watchesPerSession } = core.limits;
  if (session.watching.size < watchesPerSession || session.watching.has(folded)) return;
  throw new Failure('limit', 'watches-full', `at most ${watchesPerSession} users can be watched`, {
    hint: 'Ask without watching.',
    details: { limit: watchesPerSession },
  });
}
