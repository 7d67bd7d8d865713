import type { DirectoryMethods } from '../../wire/directory.js';
import { may } from '../../wire/roles.js';
import type { Handlers } from './dispatch.js';
import type { Signed } from './request-context.js';
import { fewAtOnce } from './uploads.js';

type OfLinks = Extract<keyof DirectoryMethods, `guests.${string}`>;

/** Links for guests: each for the account that made it. */
export const guestHandlers: Pick<Handlers<DirectoryMethods, Signed>, OfLinks> = {
  'guests.share': ({ core, session: { user, folded } }, terms) => core.guestLinks.share({ user, folded }, terms),
  'guests.put': ({ core, session }, { link, block, sealed }) =>
    fewAtOnce(session, async () => {
      await core.guestLinks.put(session.folded, link, block, sealed);
      core.meter.uploaded(sealed.length);
      return {};
    }),
  'guests.finish': async ({ core, session }, { link }) => ({
    expires: await core.guestLinks.finish(session.folded, link),
  }),
  'guests.collect': ({ core, session: { user, folded } }, terms) => core.guestLinks.collect({ user, folded }, terms),
  'guests.drops': async ({ core, session }, { link }) => ({
    drops: await core.guestLinks.drops(session.folded, link),
  }),
  'guests.get': ({ core, session }, { link, visit, block }) =>
    fewAtOnce(session, async () => {
      const sealed = await core.guestLinks.get(session.folded, link, visit, block);
      core.meter.downloaded(sealed.length);
      return { sealed };
    }),
  'guests.taken': async ({ core, session }, { link, visit }) => {
    await core.guestLinks.taken(session.folded, link, visit);
    return {};
  },
  'guests.list': async ({ core, session }) => ({ links: await core.guestLinks.list(session.folded) }),
  'guests.end': async ({ core, session }, { link }) => {
    await core.guestLinks.end({ folded: session.folded, any: may(session.role, 'upload.remove') }, link);
    return {};
  },
};
