import type { Failure } from '../../base/errors.js';
import type { Services } from '../services.js';

interface Ending {
  readonly by?: 'self' | 'staff';
  /** What belongs to it, once they are revoked. */
  readonly also?: () => Promise<void>;
  /** Nobody will come back. */
  readonly forGood?: boolean;
}

/**
 * Ends devices of an account: certificates on the list, live sessions closed, nobody is let in upon their key packages. Their
 * mail is kept, should they come back, unless `forGood` says that nobody will. Resolves when the revocation is stored. What is
 * kept for a device that is no more, because clearing it failed, the next sweep takes.
 */
export async function endDevices(
  core: Services,
  folded: string,
  which: readonly string[] | 'all',
  why: Failure,
  { by = 'self', also = async () => {}, forGood = false }: Ending = {},
): Promise<void> {
  const gone = await core.devices.revoke(folded, which, by);
  try {
    for (const device of gone) {
      await core.keyPackages.delete(folded, device);
      if (forGood) await core.mailboxes.empty(folded, device);
      else await core.leftMail.left(folded, device);
    }
    await also();
  } finally {
    // After the answer to whoever asked for it: that may be one of them. Whatever failed, they are out.
    core.clock.after(0, () => {
      for (const device of gone) core.sessions.find(folded, device)?.end(why);
    });
  }
}
