import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import type { Authority } from '../../crypto/ca.js';
import { SigningKey } from '../../crypto/keys.js';
import type { LoginServer } from '../../crypto/login-server.js';
import { isRecovery, wrongRecovery } from '../../crypto/recovery.js';
import type { EnrolMethods } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { Params, Result } from '../../wire/rpc.js';
import type { LoginGuard } from '../guard/login-guard.js';
import { LOGIN_VALID_MS } from '../limits.js';
import type { Accounts } from './accounts.js';
import { assertNotBanned } from './bans.js';

interface RecoveryInit {
  readonly accounts: Accounts;
  readonly authority: Authority;
  readonly guard: LoginGuard;
  readonly loginServer: LoginServer;
  readonly clock: Clock;
}

interface Proven {
  readonly folded: string;
  /** Monotonic. */
  readonly at: number;
}

/** Verified against where there is no account of the name, so that the answer takes as long. */
const NOBODY = SigningKey.generate(systemRandom).publicKey;

/**
 * A new password by the account's identity key. It signs for this channel and this request; what follows is an ordinary
 * login with the new password.
 */
export class ChannelRecovery {
  readonly #init: RecoveryInit;
  readonly #address: string;
  readonly #exporter: () => Uint8Array;
  #proven: Proven | undefined;

  constructor(init: RecoveryInit, address: string, exporter: () => Uint8Array) {
    this.#init = init;
    this.#address = address;
    this.#exporter = exporter;
  }

  /** @throws Failure credentials 'wrong-recovery', limit 'too-many-logins', blocked 'account-banned' */
  async start(params: Params<EnrolMethods, 'recover.start'>): Promise<Result<EnrolMethods, 'recover.start'>> {
    const { accounts, authority, guard, loginServer, clock } = this.#init;
    const folded = foldName(params.user);
    this.#proven = undefined;
    guard.admit(this.#address, clock.monotonic());
    const account = await accounts.findEvenly(folded);
    const name = { directoryId: authority.trust.directoryId, folded };
    const signer = account?.identityKey ?? NOBODY;
    const good = isRecovery(signer, name, this.#exporter(), params.request, params.proof);
    if (account === undefined || !good) throw wrongRecovery();
    assertNotBanned(account, clock.now());
    guard.proven(folded, this.#address, clock.monotonic());
    const response = loginServer.registrationResponse(folded, params.request);
    this.#proven = { folded, at: clock.monotonic() };
    return { response };
  }

  /** @returns whose password it is now. @throws Failure denied 'recovery-needed' */
  async finish({ record, backup }: Params<EnrolMethods, 'recover.finish'>): Promise<{ readonly folded: string }> {
    const { accounts, loginServer, clock } = this.#init;
    const proven = this.#proven;
    if (proven === undefined || clock.monotonic() - proven.at > LOGIN_VALID_MS) throw recoveryNeeded();
    loginServer.assertRecord(proven.folded, record);
    await accounts.setPassword(proven.folded, record, backup);
    // Once it is stored, and not before: what failed may be tried again.
    this.#proven = undefined;
    return { folded: proven.folded };
  }
}

const recoveryNeeded = (): Failure => new Failure('recovery-needed');
