import type { Failure } from '../../base/errors.js';
import type { Core } from '../core.js';

/**
 * Ends devices of an account: certificates on the list, live sessions closed, nothing kept for them. Resolves when the
 * revocation is stored. What is kept for a device that is no more, because clearing it failed, the next sweep takes.
 */
export async function endDevices(
  core: Core,
  folded: string,
  which: readonly string[] | 'all',
  why: Failure,
  { by = 'self', also = async () => {} }: { by?: 'self' | 'staff'; also?: () => Promise<void> } = {},
): Promise<void> {
  const gone = await core.devices.revoke(folded, which, by);
  try {
    for (const device of gone) {
      await core.keyPackages.delete(folded, device);
      await core.mailboxes.empty(folded, device);
    }
    await also();
  } finally {
    // After the answer to whoever asked for it: that may be one of them. Whatever failed, they are out.
    core.clock.after(0, () => {
      for (const device of gone) core.sessions.find(folded, device)?.end(why);
    });
  }
}
