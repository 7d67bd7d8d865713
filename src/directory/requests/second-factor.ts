import { Failure } from '../../base/errors.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { outranks, type Role } from '../../wire/roles.js';
import type { Services } from '../services.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';

type Factor = Extract<keyof DirectoryMethods, `factor.${string}`>;

/** The account's second factor. What changes it takes the password again, as a confirmation takes a code. */
export const factorHandlers: Pick<Handlers<DirectoryMethods, Signed>, Factor> = {
  'factor.status': async ({ core, session }) => ({
    ...(await core.secondFactors.status(session.folded)),
    required: isRequired(core, session.role),
  }),
  'factor.begin': async ({ core, session, logins }) => {
    logins.needLogin();
    return { secret: await core.secondFactors.begin(session.folded) };
  },
  'factor.confirm': async ({ core, session, logins }, { code }) => {
    const confirm = () => core.secondFactors.confirm(session.folded, code);
    const codes = await logins.guarded(session.folded, confirm);
    tellFactor(core, session.folded, 'on');
    return { codes };
  },
  'factor.codes': async ({ core, session, logins }) => {
    logins.needLogin();
    return { codes: await core.secondFactors.renewCodes(session.folded) };
  },
  'factor.off': async ({ core, session, logins }) => {
    logins.needLogin();
    await resetFactor(core, session.folded);
    return {};
  },
};

/** Takes it off, and tells the account's devices, so that nobody does so unnoticed. */
export async function resetFactor(core: Services, folded: string): Promise<void> {
  if (await core.secondFactors.off(folded)) tellFactor(core, folded, 'off');
}

function tellFactor(core: Services, folded: string, state: 'on' | 'off'): void {
  for (const session of core.sessions.of(folded)) session.notify('factor', { state });
}

const isRequired = ({ requireSecondFactor: from }: Services, role: Role): boolean =>
  from !== undefined && (role === from || outranks(role, from));

/** Whether the account's role needs a second factor that it doesn't have. */
export const lacksFactor = async (core: Services, { folded, role }: { folded: string; role: Role }): Promise<boolean> =>
  isRequired(core, role) && (await core.secondFactors.status(folded)).state !== 'on';

/** What an account may do without the second factor that its role needs: leave, and mend a group it is in. */
const WITHOUT: ReadonlySet<string> = new Set(['leave', 'renew']);

/** @throws Failure denied 'second-factor-required' */
export async function assertFactor({ core, session }: Signed, action: string): Promise<void> {
  if (WITHOUT.has(action) || !(await lacksFactor(core, session))) return;
  throw new Failure('second-factor-required', `your role '${session.role}' needs a second factor here`);
}
