import type { Act } from '../../wire/acts.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { ACTS_PAGE } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { accountBanned, type Ban } from '../accounts/bans.js';
import type { Services } from '../services.js';
import { takeMessages } from './conversations.js';
import { endDevices } from './devices.js';
import type { Handlers } from './dispatch.js';
import { sealed } from './groups.js';
import type { Signed } from './request-context.js';
import { resetFactor } from './second-factor.js';

type Moderating = 'ledger.act' | 'ledger.read' | 'ledger.restore';

/** Acts on the directory: recorded first, then carried out. What was recorded and broken off before is finished first. */
export const ledgerHandlers: Pick<Handlers<DirectoryMethods, Signed>, Moderating> = {
  'ledger.act': async (signed, statement) => {
    takeMessages(signed, 1);
    await signed.core.carrier.finish();
    const { act, encoded } = await sealed(signed, statement);
    const number = await signed.core.ledger.append(act, encoded);
    await signed.core.carrier.finish();
    return { number };
  },
  'ledger.read': ({ core, session }, { from }) => core.ledger.read(from, ACTS_PAGE, session),
  'ledger.restore': async ({ core }, { acts }) => {
    await core.carrier.finish();
    for (const given of acts) {
      const operated = await core.ledger.takeBack(given);
      // Of what it does the accounts know nothing any more, and it is not undone by whoever hands it in.
      if (operated)
        core.log.warn('an act of the operator that was lost stands in the ledger again: do it again', operated);
    }
    await core.carrier.finish();
    return { next: core.ledger.size };
  },
};

/** Doing it again changes nothing: it may have been broken off anywhere. */
export async function carryOut(core: Services, act: Act, encoded: Uint8Array): Promise<void> {
  const { statement, by, seal } = act;
  if (!('user' in statement)) return;
  const target = foldName(statement.user);
  if ((await core.accounts.find(target)) === undefined) return;
  if (statement.action === 'role') {
    await core.accounts.setRole(target, statement.role);
    for (const session of core.sessions.of(target)) session.roleChanged(statement.role);
  } else if (statement.action === 'reset-second-factor') await resetFactor(core, target);
  else if (statement.action === 'unban') await core.accounts.setBan(target, undefined);
  else if (statement.action === 'ban') {
    const { reason, until } = statement;
    const ban: Ban = { by: by.user, at: seal.at, ...(reason && { reason }), ...(until && { until }) };
    await core.accounts.setBan(target, ban);
    for await (const group of core.namedGroups.groupsOf(target)) {
      if (group.roster.isMember(target)) await group.act(act, encoded);
    }
    await endDevices(core, target, 'all', accountBanned(ban), { by: 'staff' });
  }
}
