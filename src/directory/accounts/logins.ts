import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { LoginServer, PendingLogin } from '../../crypto/login-server.js';
import { wrongCredentials } from '../../crypto/opaque.js';
import { foldName } from '../../wire/names.js';
import type { LoginCharge, LoginGuard } from '../guard/login-guard.js';
import { LOGIN_PENDING_MS, LOGIN_VALID_MS, LOGINS_PER_CHANNEL } from '../limits.js';
import type { Account, Accounts } from './accounts.js';

export interface LoginsInit {
  readonly accounts: Accounts;
  readonly guard: LoginGuard;
  readonly loginServer: LoginServer;
  readonly clock: Clock;
}

interface Started {
  readonly charge: LoginCharge;
  readonly pending: PendingLogin;
  readonly at: number;
}

/** A login that ended well, on one channel. */
export interface LoggedIn {
  readonly account: Account;
  readonly sessionKey: Uint8Array;
  /** Monotonic. */
  readonly at: number;
}

/**
 * The logins of one channel. What a login allows is bound to the channel it was made on, and lasts LOGIN_VALID_MS.
 */
export class ChannelLogins {
  readonly #init: LoginsInit;
  readonly #address: string;
  readonly #device: string | undefined;
  readonly #started = new Map<number, Started>();
  #last = 0;
  #loggedIn: LoggedIn | undefined;

  /** @param device where a certificate has shown it */
  constructor(init: LoginsInit, address: string, device?: string) {
    this.#init = init;
    this.#address = address;
    this.#device = device;
  }

  /** @throws Failure blocked 'name-blocked', limit 'too-many-logins', protocol 'login-malformed' */
  async start(user: string, request: Uint8Array): Promise<{ login: number; response: Uint8Array }> {
    const { guard, clock, accounts, loginServer } = this.#init;
    const folded = foldName(user);
    const now = clock.monotonic();
    this.#dropOld(now);
    const device = this.#device;
    const charge = guard.start({ folded, address: this.#address, ...(device !== undefined && { device }) }, now);
    const account = await accounts.findEvenly(folded);
    const pending = loginServer.startLogin(folded, account?.record, request);
    const login = ++this.#last;
    this.#started.set(login, { charge, pending, at: now });
    return { login, response: pending.response };
  }

  /** @throws Failure credentials 'wrong-credentials', protocol 'login-malformed' */
  async finish(login: number, message: Uint8Array): Promise<LoggedIn> {
    const { guard, clock, accounts } = this.#init;
    const started = this.#started.get(login);
    this.#started.delete(login);
    const now = clock.monotonic();
    if (started === undefined || now - started.at > LOGIN_PENDING_MS) throw wrongCredentials();
    const sessionKey = started.pending.finish(message);
    const account = await accounts.find(started.charge.folded);
    if (account === undefined) throw wrongCredentials();
    guard.succeed(started.charge, now);
    this.#loggedIn = { account, sessionKey, at: now };
    return this.#loggedIn;
  }

  /** @throws Failure denied 'login-needed' */
  needLogin(): LoggedIn {
    const loggedIn = this.#loggedIn;
    if (loggedIn !== undefined && this.#init.clock.monotonic() - loggedIn.at <= LOGIN_VALID_MS) return loggedIn;
    throw new Failure('denied', 'login-needed', 'this takes the password again', {
      hint: 'Log in once more and repeat it within a minute.',
    });
  }

  forget(): void {
    this.#loggedIn = undefined;
  }

  #dropOld(now: number): void {
    for (const [login, { at }] of this.#started) {
      if (now - at > LOGIN_PENDING_MS || this.#started.size >= LOGINS_PER_CHANNEL) this.#started.delete(login);
    }
  }
}
