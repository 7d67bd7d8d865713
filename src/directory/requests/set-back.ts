import type { Services } from '../services.js';

/** A device has shown what only a later state of this store can have made: everybody hears of it, once. */
export async function setBack(core: Services): Promise<void> {
  const { incarnation, keyPackages, sessions } = core;
  if (!(await incarnation.proven())) return;
  await keyPackages.forgetAll();
  const { id, since } = incarnation;
  for (const session of sessions.all()) {
    session.notify('incarnation', { id, since });
    session.notify('keypackages.low', { left: 0 });
  }
}
