import { concat, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { openAead, sealAead } from '../../crypto/aead.js';
import type { Authority } from '../../crypto/ca.js';
import { accountBytes } from '../../crypto/identity.js';
import { codeDigits, isTotpCode, newTotpSecret, totpStep } from '../../crypto/totp.js';
import type { FactorState } from '../../wire/account-methods.js';
import type { AccountRow, FactorRow, Tables } from '../rows.js';
import { userUnknown } from './accounts.js';
import { hashRecoveryCode, newRecoveryCodes, withoutCode } from './recovery-codes.js';

export interface SecondFactorsInit {
  readonly tables: Tables;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly random: Random;
}

export interface FactorStatus {
  readonly state: FactorState;
  /** Recovery codes that are left. */
  readonly codes: number;
}

/**
 * The second factor of each account: codes by time from an app, and recovery codes. It stands in the account's row, and
 * a code is spent by compare-and-set on that row: of two who show the same one at the same moment, at whatever node, one
 * gets in.
 */
export class SecondFactors {
  readonly #init: SecondFactorsInit;
  readonly #sealKey: Uint8Array;
  readonly #codeKey: Uint8Array;

  constructor(init: SecondFactorsInit) {
    this.#init = init;
    this.#sealKey = init.authority.derive('p2pchat/1 second factor');
    this.#codeKey = init.authority.derive('p2pchat/1 recovery codes');
  }

  async status(folded: string): Promise<FactorStatus> {
    const { state = 'off', codes = [] } = (await this.#init.tables.accounts.get(folded))?.secondFactor ?? {};
    return { state, codes: codes.length };
  }

  /** A new secret, which counts for nothing until it is confirmed. @throws Failure usage 'second-factor-on' */
  async begin(folded: string): Promise<Uint8Array> {
    const secret = newTotpSecret(this.#init.random);
    const sealed = sealAead(this.#sealKey, secret, this.#name(folded), this.#init.random);
    await this.#change(folded, (before) => {
      if (before?.state === 'on') throw isOn();
      return { state: 'pending', secret: sealed, step: 0, codes: [] };
    });
    return secret;
  }

  /**
   * Turns it on, by a code that shows that the app has the secret.
   * @returns the recovery codes
   * @throws Failure usage 'second-factor-on', 'second-factor-none', credentials 'second-factor-wrong'
   */
  async confirm(folded: string, code: string): Promise<string[]> {
    const fresh = this.#newCodes(folded);
    await this.#change(folded, (before) => {
      if (before === undefined) throw notBegun();
      if (before.state === 'on') throw isOn();
      return { ...before, state: 'on', step: this.#stepOf(folded, before, code), codes: fresh.hashes };
    });
    return fresh.codes;
  }

  /** @throws Failure usage 'second-factor-none' */
  async renewCodes(folded: string): Promise<string[]> {
    const fresh = this.#newCodes(folded);
    await this.#change(folded, (before) => {
      if (before?.state !== 'on') throw notBegun();
      return { ...before, codes: fresh.hashes };
    });
    return fresh.codes;
  }

  /** @returns whether it was on */
  async off(folded: string): Promise<boolean> {
    let was = false;
    await this.#change(folded, (before) => {
      was = before?.state === 'on';
      return undefined;
    });
    return was;
  }

  /**
   * Uses a code up. The caller charges the try.
   * @throws Failure credentials 'second-factor-wrong', 'second-factor-used'
   */
  async spend(folded: string, code: string): Promise<void> {
    await this.#change(folded, (before) => {
      // Turned off while the code was typed.
      if (before?.state !== 'on') throw wrongCode();
      const digits = codeDigits(code);
      if (isTotpCode(digits)) return { ...before, step: this.#stepOf(folded, before, digits) };
      const codes = withoutCode(before.codes, this.#hash(folded, code));
      if (codes === undefined) throw wrongCode();
      return { ...before, codes };
    });
  }

  /** @throws Failure credentials 'second-factor-wrong', 'second-factor-used' */
  #stepOf(folded: string, { secret, step }: FactorRow, code: string): number {
    const open = openAead(this.#sealKey, secret, this.#name(folded));
    if (open === undefined) throw damaged();
    const shown = totpStep(open, codeDigits(code), this.#init.clock.now());
    if (shown === undefined) throw wrongCode();
    if (shown <= step) throw usedCode();
    return shown;
  }

  /** Codes of one account open no other. */
  #hash(folded: string, code: string): Uint8Array {
    return hashRecoveryCode(concat(this.#codeKey, utf8(folded)), code);
  }

  #newCodes(folded: string): { codes: string[]; hashes: Uint8Array[] } {
    const codes = newRecoveryCodes(this.#init.random);
    return { codes, hashes: codes.map((code) => this.#hash(folded, code)) };
  }

  #name(folded: string): Uint8Array {
    return accountBytes({ directoryId: this.#init.authority.trust.directoryId, folded });
  }

  async #change(folded: string, change: (before: FactorRow | undefined) => FactorRow | undefined): Promise<void> {
    await this.#init.tables.accounts.update(folded, (row) => {
      if (row === undefined || row.deletedAt !== undefined) throw userUnknown(folded);
      const { secondFactor: before, ...rest }: AccountRow = row;
      const after = change(before);
      return { ...rest, ...(after && { secondFactor: after }) };
    });
  }
}

export const codeNeeded = (): Failure => new Failure('second-factor-needed');

const wrongCode = (): Failure => new Failure('second-factor-wrong');

const usedCode = (): Failure => new Failure('second-factor-used');

const isOn = (): Failure => new Failure('second-factor-on');

const notBegun = (): Failure => new Failure('second-factor-none');

const damaged = (): Failure => new Failure('second-factor-damaged');
