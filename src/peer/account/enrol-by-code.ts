import { Failure } from '../../base/errors.js';
import { createCsr } from '../../crypto/csr.js';
import { signDevice } from '../../crypto/identity.js';
import { SigningKey } from '../../crypto/keys.js';
import { PairingNewcomer } from '../../crypto/pairing.js';
import { parseCode, type SpokenCode } from '../../crypto/spoken-code.js';
import { type DirectoryAddress, parseAddress } from '../../wire/link.js';
import { foldName, parseUserName } from '../../wire/names.js';
import { deviceAsks, deviceGets, type PairingKind } from '../../wire/pairing.js';
import type { CodeInit } from '../api/account.js';
import type { EnrolledByCode } from '../api/peers.js';
import { type EnrolChannel, withUnprovedChannel } from './enrol-channel.js';
import { throwUnsupported } from './pairings.js';
import { assertFree, install, label, type Means, SYSTEM } from './register.js';

/**
 * Makes this installation a device of the account where the code was made, without the account's password:
 *
 * 1. The channel to the directory is opened before anybody has said which directory it should be.
 * 2. Both sides prove that they have the words and see the same directory: from then on it is the right one.
 * 3. The other device hands over the account's identity, and a vault that the account's password opens; and tells the
 *    directory which device may be enrolled on this channel.
 * @throws Failure 'pairing-…'; usage 'profile-taken'; unreachable; trust
 */
export async function enrolByCode(init: CodeInit, means: Means = SYSTEM): Promise<EnrolledByCode> {
  // A device that was one before has a vault and keys of its own: its password lets it in again.
  await assertFree(init.home);
  const code = parseCode(init.code);
  const address = addressOf(code, init.directory);
  const { clock, random } = means;
  return withUnprovedChannel(address, clock, async (channel) => {
    const deviceKey = SigningKey.generate(random);
    const asks = deviceAsks.encode({ key: deviceKey.publicKey, label: label() });
    const { gift } = await meet(channel, code, 'device', asks, means);
    const given = deviceGets.decode(gift);
    const { name: user } = parseUserName(given.user);
    const identity = SigningKey.fromSeed(given.identity);
    const account = { directoryId: channel.trust.directoryId, folded: foldName(user) };
    const statement = signDevice(identity, account, deviceKey.publicKey);
    const csr = createCsr(deviceKey, { user, identityKey: identity.publicKey, statement });
    const issued = await channel.request('pairing.enrol', { csr, label: label() });
    const { host, port } = address;
    const link = { host, port, fingerprint: channel.trust.directoryId };
    const enrolled = await install(
      { home: init.home, user, link, deviceKey, identity, ...issued, caCertificate: channel.authority },
      given.vault,
      init.history,
      random,
    );
    return { ...enrolled, vaultKey: given.vault.key };
  });
}

/** @throws Failure usage 'directory-needed', 'link-invalid' */
export function addressOf({ link }: SpokenCode, given: string | undefined): DirectoryAddress {
  if (link !== undefined) return link;
  if (given !== undefined) return parseAddress(given);
  throw new Failure('directory-needed', undefined, {
    hint: 'Give --directory HOST or HOST:PORT, as it is shown beside the code: the words prove that it is the right one.',
  });
}

/** Meets whoever made the code, and proves the words. @returns what the other side gives, and this side of the secret */
export async function meet(
  channel: EnrolChannel,
  { number, words }: SpokenCode,
  kind: PairingKind,
  asks: Uint8Array,
  { random }: Means,
): Promise<{ readonly gift: Uint8Array; readonly newcomer: PairingNewcomer }> {
  const { directoryId } = channel.trust;
  const newcomer = new PairingNewcomer({ kind, number, words, directoryId }, random);
  const met = await channel
    .request('pairing.meet', { number, kind, message: newcomer.hello() })
    .catch(throwUnsupported);
  const answered = await channel.request('pairing.say', { message: newcomer.prove(met.message, asks) });
  return { gift: newcomer.take(answered.message), newcomer };
}
