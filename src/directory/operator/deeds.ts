import { Failure } from '../../base/errors.js';
import type { RegistrationMode } from '../../wire/directory.js';
import { may } from '../../wire/roles.js';
import type { OperatorDeed } from '../groups/ledger.js';
import { accountDeleted } from '../requests/account.js';
import { endDevices } from '../requests/devices.js';
import { resetFactor } from '../requests/second-factor.js';
import type { Services } from '../services.js';

/**
 * What whoever runs the directory does to others at its console. Each is in the ledger before it is done, and told to
 * whom it concerns: at once where they are connected, else when they are back.
 */

/** How long a reset account waits for whoever it belongs to. */
const RESET_MS = 7 * 24 * 3_600_000;

async function record(core: Services, deed: OperatorDeed): Promise<() => void> {
  const number = await core.ledger.operate(deed, core.clock.now());
  const user = 'user' in deed ? { user: deed.user } : {};
  core.log.warn('the operator has acted', { deed: deed.action, ...user, number });
  return () => {
    const concerned =
      'user' in deed
        ? core.sessions.of(deed.user)
        : [...core.sessions.all()].filter(({ role }) => may(role, 'person.ban'));
    for (const session of concerned) session.notify('ledger', { number });
  };
}

export async function operatorResetsFactor(core: Services, name: string): Promise<string> {
  const { user, folded } = await core.accounts.need(name);
  const tell = await record(core, { action: 'reset-second-factor', user: folded });
  await resetFactor(core, folded);
  tell();
  return user;
}

export async function operatorUnblocks(core: Services, name: string): Promise<string> {
  const { user, folded } = await core.accounts.need(name);
  const tell = await record(core, { action: 'unblock', user: folded });
  core.guard.forget(folded, core.clock.monotonic());
  tell();
  return user;
}

export async function operatorSetsRegistration(core: Services, mode: RegistrationMode): Promise<void> {
  const tell = await record(core, { action: 'registration', mode });
  await core.ownership.setRegistration(mode);
  tell();
}

/** @returns who owns the directory now, and who did */
export async function operatorHandsOver(core: Services, name: string): Promise<{ user: string; before?: string }> {
  const { user, folded } = await core.accounts.need(name);
  const before = core.ownership.owner;
  if (before === folded) return { user, before };
  const tell = await record(core, { action: 'owner', user: folded });
  await core.ownership.handOver(folded);
  for (const session of core.sessions.of(folded)) session.roleChanged('super-admin');
  tell();
  if (before === undefined) return { user };
  const former = await core.accounts.find(before);
  for (const session of core.sessions.of(before)) session.roleChanged(former?.role ?? 'beginner');
  return { user, before: former?.user ?? before };
}

/** @throws Failure denied 'owner-stays' */
export async function operatorRemoves(core: Services, name: string): Promise<string> {
  const { user, folded } = await core.accounts.need(name);
  if (core.ownership.owner === folded) throw ownerStays();
  await record(core, { action: 'account-remove', user: folded });
  // The devices first, as where somebody deletes his own: broken off in between, it can be done again.
  const also = () => core.accounts.delete(folded);
  await endDevices(core, folded, 'all', accountDeleted(), { also, forGood: true });
  return user;
}

export interface Reset {
  readonly user: string;
  readonly token: string;
  readonly until: number;
}

/**
 * For an account whose password and phrase are lost: nothing of it opens any more, and whoever has the token registers the
 * name anew, with the same role. Nobody can give the old identity back: others are told that it has changed.
 */
export async function operatorResets(core: Services, name: string): Promise<Reset> {
  const account = await core.accounts.needOrReset(name);
  const { user, folded } = account;
  await record(core, { action: 'account-reset', user: folded });
  const until = core.clock.now() + RESET_MS;
  const token = await core.accounts.reset(folded, core.random, until);
  core.guard.forget(folded, core.clock.monotonic());
  await endDevices(core, folded, 'all', accountReset(user));
  return { user, token, until };
}

const accountReset = (user: string): Failure =>
  new Failure('account-reset', 'the operator of this directory has reset this account', {
    hint: `Register '${user}' anew with the invitation that you are given, in another folder (P2PCHAT_HOME).`,
  });

const ownerStays = (): Failure =>
  new Failure('owner-stays', 'the owner of a directory cannot be removed', {
    hint: "Hand it over first: 'owner NAME'.",
  });
