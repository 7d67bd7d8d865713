import { Failure } from '../../base/errors.js';
import { readCsr } from '../../crypto/csr.js';
import { deviceIdOf } from '../../crypto/keys.js';
import { assertEnrolProof } from '../../crypto/login.js';
import type { EnrolMethods } from '../../wire/directory.js';
import { isName } from '../../wire/names.js';
import type { Params, Result } from '../../wire/rpc.js';
import type { Account } from '../accounts/accounts.js';
import { banNow } from '../accounts/bans.js';
import type { CardVisit } from '../accounts/join-codes.js';
import { ChannelLogins } from '../accounts/logins.js';
import type { Visit } from '../accounts/pairings.js';
import { ChannelRecovery } from '../accounts/recovery.js';
import { addressKey } from '../guard/address.js';
import { rateLimited } from '../guard/token-bucket.js';
import { ENROL_REQUESTS } from '../permissions.js';
import type { Services } from '../services.js';
import type { Handlers } from './dispatch.js';
import { chooseVersion } from './negotiate-version.js';

export interface EnrolCaller {
  readonly address: string;
  /** What both ends of this channel have and nobody else: crypto/tls.ts, enrolExporter. */
  exporter(): Uint8Array;
  /** Hello has been judged. */
  onGreeted(): void;
}

/** Registration, login and enrolment on one channel that has shown no certificate. */
export class EnrolRequests {
  readonly core: Services;
  readonly logins: ChannelLogins;
  readonly recovery: ChannelRecovery;
  readonly #caller: EnrolCaller;
  #greeted = false;
  #user: string | undefined;
  #hasMet = false;
  #visit: Visit | undefined;
  #card: CardVisit | undefined;

  constructor(core: Services, caller: EnrolCaller) {
    this.core = core;
    this.#caller = caller;
    this.logins = new ChannelLogins(core, addressKey(caller.address));
    this.recovery = new ChannelRecovery(core, addressKey(caller.address), () => caller.exporter());
  }

  /** The name this channel last spoke of, for the log: which takes names, not whatever was sent in place of one. */
  get user(): string | undefined {
    return this.#user === undefined || isName(this.#user) ? this.#user : '(no name)';
  }

  /** @throws Failure protocol 'hello-first' */
  admit(method: string): void {
    if (!this.#greeted && method !== 'hello') throw helloFirst();
  }

  spend(method: string): Promise<void> | undefined {
    const { cost } = ENROL_REQUESTS[method as keyof EnrolMethods];
    return this.core.budgets.strangers.spend(addressKey(this.#caller.address), cost);
  }

  about(user: string): void {
    this.#user = user;
  }

  hello({ versions }: Params<EnrolMethods, 'hello'>): Result<EnrolMethods, 'hello'> {
    const version = chooseVersion(versions);
    this.#greeted = true;
    this.#caller.onGreeted();
    const { authority, ownership, clock } = this.core;
    const { registration } = ownership;
    return { version, directory: authority.trust.directoryId, registration, now: clock.now() };
  }

  /** @throws Failure limit 'rate-limited' */
  takeRegistration(): void {
    const { rates, clock } = this.core;
    const wait = rates.registrations.take(addressKey(this.#caller.address), clock.monotonic());
    if (wait > 0) throw rateLimited('too many registrations from this address', wait);
  }

  /** Whoever is banned learns it here, once he has shown that he is who he says. */
  finishLogin({ account }: { account: Account }): Result<EnrolMethods, 'login.finish'> {
    const { user, role, identityKey, backup, ban } = account;
    const why = banNow(ban, this.core.clock.now());
    if (why !== undefined) {
      this.logins.forget();
      throw why;
    }
    return { user, role, identityKey, backup };
  }

  /** One login, one device. */
  async enrol({ csr, proof, label }: Params<EnrolMethods, 'enrol'>): Promise<Result<EnrolMethods, 'enrol'>> {
    const login = this.logins.needLogin();
    const { account, sessionKey } = login;
    assertEnrolProof(proof, sessionKey, this.#caller.exporter(), csr);
    this.logins.forget();
    const certificate = await this.core.devices.enrol(account, csr, label).catch((error: unknown) => {
      // Nothing came of it: the same may be tried again.
      this.logins.restore(login);
      throw error;
    });
    return { certificate, crl: this.core.revocations.der };
  }

  /** One code on a channel, and no second one while the first is looked up. */
  async meet(params: Params<EnrolMethods, 'pairing.meet'>): Promise<{ message: Uint8Array }> {
    if (this.#hasMet) throw new Failure('pairing-used');
    this.#hasMet = true;
    try {
      await this.#find(params);
    } catch (error) {
      this.#hasMet = false;
      throw error;
    }
    return this.say(params);
  }

  async #find({ number, kind }: Params<EnrolMethods, 'pairing.meet'>): Promise<void> {
    const { pairings, joinCodes } = this.core;
    const address = addressKey(this.#caller.address);
    pairings.charge(address);
    if (kind === 'invitation') this.#card = await joinCodes.meet(number, () => pairings.refund(address));
    if (this.#card === undefined) this.#visit = pairings.meet(number, kind, address);
  }

  async say({ message }: Params<EnrolMethods, 'pairing.say'>): Promise<{ message: Uint8Array }> {
    const { pairings } = this.core;
    if (this.#card !== undefined) return { message: await this.#card.say(message) };
    if (this.#visit === undefined) throw new Failure('pairing-unknown');
    return { message: await pairings.say(this.#visit, message) };
  }

  /** A device of the account let this one in: neither the password nor the second factor is asked for. */
  async enrolByCode({ csr, label }: Params<EnrolMethods, 'pairing.enrol'>): Promise<Result<EnrolMethods, 'enrol'>> {
    const { pairings, accounts, devices, revocations, clock } = this.core;
    const { folded, device, by } = pairings.granted(this.#visit);
    if (deviceIdOf(readCsr(csr).publicKey) !== device) throw new Failure('renew-other-key');
    // Whoever made the code may have been shut out or banned since.
    await devices.need(folded, by);
    const account = await accounts.need(folded);
    const why = banNow(account.ban, clock.now());
    if (why !== undefined) throw why;
    this.about(account.user);
    const certificate = await devices.enrol(account, csr, label, by);
    pairings.done(this.#visit!);
    return { certificate, crl: revocations.der };
  }

  /** The channel is closed. */
  left(): void {
    if (this.#visit !== undefined) this.core.pairings.left(this.#visit);
  }
}

export const enrolHandlers: Handlers<EnrolMethods, EnrolRequests> = {
  hello: (channel, params) => channel.hello(params),
  'register.start': (channel, params) => {
    channel.about(params.user);
    return channel.core.registration.start(params);
  },
  'register.finish': (channel, params) => {
    channel.about(params.user);
    channel.takeRegistration();
    return channel.core.registration.finish(params);
  },
  'login.start': (channel, { user, request }) => {
    channel.about(user);
    return channel.logins.start(user, request);
  },
  'login.finish': async (channel, { login, finish, code }) => {
    return channel.finishLogin(await channel.logins.finish(login, finish, code));
  },
  'recover.start': (channel, params) => {
    channel.about(params.user);
    return channel.recovery.start(params);
  },
  'recover.finish': async (channel, params) => {
    const { folded } = await channel.recovery.finish(params);
    // Whoever has the phrase is the account, also where the app is lost: the login that follows takes no code.
    channel.logins.vouch(folded);
    return {};
  },
  enrol: (channel, params) => channel.enrol(params),
  'pairing.meet': (channel, params) => channel.meet(params),
  'pairing.say': (channel, params) => channel.say(params),
  'pairing.enrol': (channel, params) => channel.enrolByCode(params),
};

export const helloFirst = (): Failure => new Failure('hello-first');
