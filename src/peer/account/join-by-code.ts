import { parseCode } from '../../crypto/spoken-code.js';
import { formatLink } from '../../wire/link.js';
import { personGets, personIs } from '../../wire/pairing.js';
import type { JoinInit } from '../api/account.js';
import type { Joined, Registered } from '../api/peers.js';
import { addressOf, meet } from './enrol-by-code.js';
import { withUnprovedChannel } from './enrol-channel.js';
import { assertFree, type Means, SYSTEM } from './register.js';

/** Nothing is asked for before the words are proved. */
const NOTHING = Uint8Array.of(0);

/**
 * Joins a directory by a code: the words prove which directory it is, and bring an invitation and, with a group's, where to
 * go. Then the account is made, and whoever made the code is told whose key it has, so that a group is asked to take in
 * this very person.
 * @param signUp makes the account, by the link and the invitation
 * @throws Failure 'pairing-…'; usage 'profile-taken'; unreachable; trust; what `signUp` throws
 */
export async function joinByCode<T extends Registered>(
  init: JoinInit,
  signUp: (invitation: { readonly directory: string; readonly invite: string; readonly user?: string }) => Promise<T>,
  means: Means = SYSTEM,
): Promise<Joined<T>> {
  const code = parseCode(init.code);
  const address = addressOf(code, init.directory);
  await assertFree(init.home);
  return withUnprovedChannel(address, means.clock, async (channel) => {
    const { gift, newcomer } = await meet(channel, code, 'invitation', NOTHING, means);
    const { host, port } = address;
    const directory = formatLink({ host, port, fingerprint: channel.trust.directoryId });
    const { invite, user, group } = personGets.decode(gift);
    const registered = await signUp({ directory, invite, ...(user !== undefined && { user }) });
    const said = personIs.encode({ user: registered.user, identityKey: registered.identityKey });
    // The account is there. Should the other side be gone by now, it asks into the group by hand.
    const told = await channel
      .request('pairing.say', { message: newcomer.tell(said) })
      .then(() => true)
      .catch(() => false);
    return { registered, ...(group !== undefined && { group: `#${group}`, asked: told }) };
  });
}
