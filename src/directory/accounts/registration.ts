import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { isSoundKey } from '../../crypto/keys.js';
import type { LoginServer } from '../../crypto/login-server.js';
import type { EnrolMethods, Role } from '../../wire/directory.js';
import { parseUserName } from '../../wire/names.js';
import type { Params } from '../../wire/rpc.js';
import type { Accounts } from './accounts.js';
import type { Invitations } from './invitations.js';
import type { Ownership } from './ownership.js';

export interface RegistrationInit {
  readonly accounts: Accounts;
  readonly ownership: Ownership;
  readonly invitations: Invitations;
  readonly loginServer: LoginServer;
}

/** Makes accounts, as the mode allows: open to all, by invitation, or closed but to the owner. */
export class Registration {
  readonly #init: RegistrationInit;

  constructor(init: RegistrationInit) {
    this.#init = init;
  }

  /** @throws Failure usage 'name-invalid', 'name-reserved', 'name-taken'; denied 'registration-closed'; protocol */
  async start({ user, request }: Params<EnrolMethods, 'register.start'>): Promise<{ response: Uint8Array }> {
    const { folded } = parseUserName(user);
    await this.#init.accounts.assertFree(user);
    if (!(await this.#init.accounts.isReset(user))) this.#assertOpen();
    return { response: this.#init.loginServer.registrationResponse(folded, request) };
  }

  /** @throws Failure as `start`, denied 'invite-…' */
  async finish(params: Params<EnrolMethods, 'register.finish'>): Promise<{ role: Role }> {
    const { user, record, identityKey, invite } = params;
    const { folded } = parseUserName(user);
    this.#init.loginServer.assertRecord(folded, record);
    if (!isSoundKey(identityKey)) throw unsoundIdentity();
    const known = await this.#init.accounts.find(user);
    // Once more, because the answer was lost: the invitation has been taken already.
    if (invite !== undefined && known && sameBytes(known.record, record) && sameBytes(known.identityKey, identityKey)) {
      return { role: known.role };
    }
    if (invite !== undefined && (await this.#init.accounts.isReset(user))) return this.#takeAnew(invite, params);
    if (invite !== undefined && this.#init.ownership.isOwnerInvite(invite)) return this.#redeemOwner(folded, params);
    const token = this.#neededToken(invite);
    const { accounts, invitations } = this.#init;
    const took = token !== undefined && (await invitations.take(token, folded));
    try {
      const fresh = await accounts.create(params);
      if (!fresh && took) await invitations.giveBack(token, folded);
    } catch (error) {
      // What can't be given back now is there when the same name comes again.
      if (took) await invitations.giveBack(token, folded).catch(() => {});
      throw error;
    }
    return { role: (await this.#init.accounts.need(user)).role };
  }

  async #takeAnew(token: string, params: Params<EnrolMethods, 'register.finish'>): Promise<{ role: Role }> {
    await this.#init.accounts.takeAnew(params, token);
    return { role: (await this.#init.accounts.need(params.user)).role };
  }

  async #redeemOwner(folded: string, params: Params<EnrolMethods, 'register.finish'>): Promise<{ role: Role }> {
    const { accounts, ownership } = this.#init;
    if (ownership.owner !== undefined && ownership.owner !== folded) throw usedUp();
    await accounts.create(params);
    // Two at once: the name is made, and only one of them owns. The other stays what everybody is.
    await ownership.claim(folded);
    return { role: (await accounts.need(folded)).role };
  }

  /** An invitation that isn't needed is still taken, so that a wrong one is told. */
  #neededToken(invite: string | undefined): string | undefined {
    const mode = this.#init.ownership.registration;
    if (mode === 'closed') throw closed();
    if (invite !== undefined || mode === 'open') return invite;
    throw new Failure('invite-needed');
  }

  #assertOpen(): void {
    if (this.#init.ownership.registration === 'closed' && this.#init.ownership.owner !== undefined) throw closed();
  }
}

const usedUp = (): Failure => new Failure('invite-used');

const closed = (): Failure => new Failure('registration-closed');

const unsoundIdentity = (): Failure => new Failure('identity-key');
