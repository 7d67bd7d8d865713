import { Failure } from '../../base/errors.js';
import { assertEnrolProof } from '../../crypto/login.js';
import type { EnrolMethods } from '../../wire/directory.js';
import { isName } from '../../wire/names.js';
import { ChannelLogins } from '../accounts/logins.js';
import type { Core } from '../core.js';
import { addressKey } from '../guard/address.js';
import { rateLimited } from '../guard/buckets.js';
import type { Handlers } from './dispatch.js';
import { chooseVersion } from './versions.js';

export interface EnrolCaller {
  readonly address: string;
  /** What both ends of this channel have and nobody else: crypto/tls.ts, enrolExporter. */
  exporter(): Uint8Array;
  /** Hello has been judged. */
  onGreeted(): void;
}

/** Registration, login and enrolment on one channel that has shown no certificate. */
export class EnrolRequests {
  readonly handlers: Handlers<EnrolMethods>;
  readonly #core: Core;
  readonly #caller: EnrolCaller;
  readonly #logins: ChannelLogins;
  #greeted = false;
  /** The name this channel last spoke of, for the log. */
  user: string | undefined;

  constructor(core: Core, caller: EnrolCaller) {
    this.#core = core;
    this.#caller = caller;
    this.#logins = new ChannelLogins(core, addressKey(caller.address));
    this.handlers = {
      hello: ({ versions }) => this.#hello(versions),
      'register.start': async (params) => {
        this.#about(params.user);
        return core.registration.start(params);
      },
      'register.finish': async (params) => {
        this.#about(params.user);
        this.#takeRegistration();
        return core.registration.finish(params);
      },
      'login.start': ({ user, request }) => {
        this.#about(user);
        return this.#logins.start(user, request);
      },
      'login.finish': ({ login, finish }) => this.#finishLogin(login, finish),
      enrol: ({ csr, proof, label }) => this.#enrol(csr, proof, label),
    };
  }

  #hello(versions: readonly number[]) {
    const version = chooseVersion(versions);
    this.#greeted = true;
    this.#caller.onGreeted();
    const { authority, ownership, clock } = this.#core;
    return {
      version,
      directory: authority.trust.directoryId,
      registration: ownership.registration,
      now: clock.now(),
    };
  }

  async #finishLogin(login: number, finish: Uint8Array) {
    const { account } = await this.#logins.finish(login, finish);
    const { user, role, identityKey, backup } = account;
    return { user, role, identityKey, backup };
  }

  async #enrol(csr: Uint8Array, proof: Uint8Array, label: string) {
    this.#about(this.user);
    const { account, sessionKey } = this.#logins.needLogin();
    assertEnrolProof(proof, sessionKey, this.#caller.exporter(), csr);
    const certificate = await this.#core.devices.enrol(account, csr, label);
    // One login, one device.
    this.#logins.forget();
    return { certificate, crl: this.#core.revocations.der };
  }

  #about(user: string | undefined): void {
    if (!this.#greeted) throw helloFirst();
    // The log takes names, not whatever was sent in place of one.
    this.user = user === undefined || isName(user) ? user : '(no name)';
  }

  #takeRegistration(): void {
    const { rates, clock } = this.#core;
    const wait = rates.registrations.take(addressKey(this.#caller.address), clock.monotonic());
    if (wait > 0) throw rateLimited('too many registrations from this address', wait);
  }
}

export const helloFirst = (): Failure =>
  new Failure('protocol', 'hello-first', 'hello comes first', { hint: 'Update p2pchat on both sides.' });
