import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { LoginServer, PendingLogin } from '../../crypto/login-server.js';
import { wrongCredentials } from '../../crypto/opaque.js';
import { foldName } from '../../wire/names.js';
import type { LoginAttempt, LoginCharge, LoginGuard } from '../guard/login-guard.js';
import { LOGIN_PENDING_MS, LOGIN_VALID_MS, LOGINS_PER_CHANNEL } from '../limits.js';
import type { Account, Accounts } from './accounts.js';
import { codeNeeded, type SecondFactors } from './second-factor.js';

export interface LoginsInit {
  readonly accounts: Accounts;
  readonly guard: LoginGuard;
  readonly secondFactors: SecondFactors;
  readonly loginServer: LoginServer;
  readonly clock: Clock;
}

interface Started {
  readonly charge: LoginCharge;
  readonly pending: PendingLogin;
  readonly at: number;
  /** Its last message was right, and what is missing is the code of the second factor. */
  readonly proven?: Proven;
}

interface Proven {
  readonly message: Uint8Array;
  readonly sessionKey: Uint8Array;
  /** A code has been tried: the next try is charged for itself. */
  readonly tried: boolean;
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
  /** Whose identity key has signed on this channel, and when: it stands in for a code. */
  #vouched: { readonly folded: string; readonly at: number } | undefined;

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
    const charge = guard.start(this.#attempt(folded), now);
    const account = await accounts.findEvenly(folded);
    const pending = loginServer.startLogin(folded, account?.record, request);
    const login = ++this.#last;
    this.#started.set(login, { charge, pending, at: now });
    return { login, response: pending.response };
  }

  /**
   * The same again, with a code, where the account has a second factor: that is told to whoever has the password right, and
   * what the login was charged stays charged until the code is right, too.
   * @throws Failure credentials 'wrong-credentials', 'second-factor-needed', 'second-factor-wrong', 'second-factor-used';
   *   blocked 'name-blocked'; protocol 'login-malformed'
   */
  async finish(login: number, message: Uint8Array, code?: string): Promise<LoggedIn> {
    const { guard, clock, accounts } = this.#init;
    const started = this.#started.get(login);
    // Taken out while it is judged: of several at once with one login only the first counts.
    this.#started.delete(login);
    const now = clock.monotonic();
    if (started === undefined || now - started.at > LOGIN_PENDING_MS) throw wrongCredentials();
    const sessionKey = sessionKeyOf(started, message);
    const account = await accounts.find(started.charge.folded);
    if (account === undefined) throw wrongCredentials();
    if (this.#needsCode(account)) await this.#spendCode(login, { ...started, at: now }, { message, sessionKey }, code);
    guard.succeed(started.charge, now);
    this.#loggedIn = { account, sessionKey, at: now };
    return this.#loggedIn;
  }

  /** The account's identity key has signed on this channel: within a minute no code is asked for. */
  vouch(folded: string): void {
    this.#vouched = { folded, at: this.#init.clock.monotonic() };
  }

  /** A try at a code of the account, counted as a login is. @throws Failure blocked, and what `attempt` throws */
  async guarded<T>(folded: string, attempt: () => Promise<T>): Promise<T> {
    const { guard, clock } = this.#init;
    const charge = guard.start(this.#attempt(folded), clock.monotonic(), 'codes or passwords');
    const result = await attempt();
    guard.succeed(charge, clock.monotonic());
    return result;
  }

  /** @throws Failure denied 'login-needed' */
  needLogin(): LoggedIn {
    const loggedIn = this.#loggedIn;
    if (loggedIn !== undefined && this.#init.clock.monotonic() - loggedIn.at <= LOGIN_VALID_MS) return loggedIn;
    throw new Failure('login-needed');
  }

  restore(loggedIn: LoggedIn): void {
    this.#loggedIn ??= loggedIn;
  }

  forget(): void {
    this.#loggedIn = undefined;
  }

  #attempt(folded: string): LoginAttempt {
    return { folded, address: this.#address, ...(this.#device !== undefined && { device: this.#device }) };
  }

  /** A device's certificate was given out for a code, and stands for it from then on. */
  #needsCode({ folded, secondFactor }: Account): boolean {
    if (this.#device !== undefined || secondFactor?.state !== 'on') return false;
    const vouched = this.#vouched;
    const now = this.#init.clock.monotonic();
    return vouched?.folded !== folded || now - vouched.at > LOGIN_VALID_MS;
  }

  async #spendCode(
    login: number,
    started: Started,
    proof: Omit<Proven, 'tried'>,
    code: string | undefined,
  ): Promise<void> {
    const { guard, secondFactors } = this.#init;
    const tried = started.proven?.tried === true;
    try {
      if (code === undefined) throw codeNeeded();
      if (tried) guard.start(this.#attempt(started.charge.folded), started.at, 'codes or passwords');
      await secondFactors.spend(started.charge.folded, code);
    } catch (error) {
      this.#started.set(login, { ...started, proven: { ...proof, tried: tried || code !== undefined } });
      throw error;
    }
  }

  #dropOld(now: number): void {
    for (const [login, { at }] of this.#started) {
      if (now - at > LOGIN_PENDING_MS || this.#started.size >= LOGINS_PER_CHANNEL) this.#started.delete(login);
    }
  }
}

/** @throws Failure credentials 'wrong-credentials', protocol 'login-malformed' */
function sessionKeyOf({ pending, proven }: Started, message: Uint8Array): Uint8Array {
  if (proven === undefined) return pending.finish(message);
  if (!sameBytes(message, proven.message)) throw wrongCredentials();
  return proven.sessionKey;
}
