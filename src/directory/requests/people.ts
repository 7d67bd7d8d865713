import { Failure } from '../../base/errors.js';
import { path } from '../../store/keys.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { KEY_PACKAGES_LOW } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import type { PersonSeen } from '../delivery/presence.js';
import { rateLimited } from '../guard/token-bucket.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

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
  'keypackages.publish': async ({ core, session: { folded, device } }, { packages, lastResort }) => {
    const { keyPackages } = core;
    const had = (await keyPackages.count(folded, device)) > 0 || (await keyPackages.lastResort(folded, device));
    if (lastResort !== undefined) await keyPackages.publishLastResort(folded, device, lastResort);
    const kept = await keyPackages.publish(folded, device, packages);
    if (!had && (kept > 0 || lastResort !== undefined)) await core.people.canBeAdded(folded);
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

async function claim(signed: Signed, { devices }: Params<DirectoryMethods, 'keypackages.claim'>) {
  const { core, session } = signed;
  const wait = core.rates.claims.take(session.folded, core.clock.monotonic(), devices.length);
  if (wait > 0) throw rateLimited('too many key packages were asked for', wait);
  const packages: { device: string; package: Uint8Array }[] = [];
  let refused = 0;
  for (const { user, device } of devices) {
    const folded = foldName(user);
    if ((await core.devices.find(folded, device)) === undefined) continue;
    const { claimed, wait: shareWait } = await claimOne(signed, folded, device);
    refused = Math.max(refused, shareWait);
    if (claimed !== undefined) packages.push({ device, package: claimed });
    const owner = core.sessions.find(folded, device);
    if (owner === undefined) continue;
    const left = await core.keyPackages.count(folded, device);
    if (left <= KEY_PACKAGES_LOW) owner.notify('keypackages.low', { left });
  }
  if (packages.length === 0 && refused > 0) throw shareTaken(refused);
  return { packages };
}

/**
 * Who has had his share of a device's key packages gets its last resort: they are one pool for everybody who has not written
 * to it yet.
 * @returns milliseconds until there is a share again, where there was none and no last resort either
 */
async function claimOne({ core, session }: Signed, folded: string, device: string) {
  const { keyPackages, rates, clock } = core;
  const share = path(session.folded, folded, device);
  const shareWait = rates.keyPackageShares.take(share, clock.monotonic());
  const claimed = shareWait > 0 ? undefined : await keyPackages.claim(folded, device);
  if (claimed !== undefined) return { claimed, wait: 0 };
  const lastResort = await keyPackages.lastResort(folded, device);
  return { claimed: lastResort, wait: lastResort === undefined ? shareWait : 0 };
}

const shareTaken = (waitMs: number): Failure =>
  new Failure('key-packages-share', 'as many keys of that device were asked for as one account may have', {
    details: { seconds: waitMs / 1000 },
  });

function assertWatch({ core, session }: Signed, folded: string): void {
  const { watchesPerSession } = core.limits;
  if (session.watching.size < watchesPerSession || session.watching.has(folded)) return;
  throw new Failure('watches-full', `at most ${watchesPerSession} users can be watched`, {
    details: { limit: watchesPerSession },
  });
}
