import { type Cancel, type Clock, timestamp } from '../../base/clock.js';
import { type Code, Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { deviceIdOf } from '../../crypto/keys.js';
import { PairingHost } from '../../crypto/pairing.js';
import { formatCode, formatCodeLink, newWords } from '../../crypto/spoken-code.js';
import { createVault, type Vault } from '../../crypto/vault.js';
import type { DirectoryNotices } from '../../wire/directory.js';
import { PAIRING_MS } from '../../wire/limits.js';
import { deviceAsks, deviceGets } from '../../wire/pairing.js';
import type { Notice } from '../../wire/rpc.js';
import { cleanLine } from '../../wire/text.js';
import type { CodeEvent } from '../api/events.js';
import type { CodeOutcome, OpenCode, PairingsApi } from '../api/pairing.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { OwnDevices } from '../identity/own-devices.js';
import type { DirectoryClient } from '../network/directory-client.js';
import { confirmPassword } from './password.js';

export interface PairingsInit {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly ownDevices: OwnDevices;
  client(): DirectoryClient;
  /** That device may have the history that is kept here. */
  allowHistory(device: string): Promise<void>;
  emit(event: CodeEvent): void;
  report(error: unknown): void;
}

/** What a newcomer gets who had the words. */
interface Admission {
  readonly gift: Uint8Array;
  readonly outcome: CodeOutcome;
}

/** A code that was made here, until it is spent. */
interface Open {
  readonly number: number;
  readonly host: PairingHost;
  readonly cancelEnd: Cancel;
  admit(asks: Uint8Array): Promise<Admission>;
  settle(outcome: CodeOutcome): void;
  fail(why: Failure): void;
  /** Whom it let in. */
  admitted?: CodeOutcome;
  /** Resolves when it is spent. */
  readonly spent: Promise<unknown>;
}

const STATES: Partial<Record<Code, CodeEvent['state']>> = {
  'pairing-wrong': 'wrong',
  'pairing-left': 'left',
  'pairing-expired': 'expired',
};

/**
 * The side of who has made a code (crypto/pairing.ts). What a newcomer says comes as a notice and is answered at once, by the
 * program, because the person has consented by telling the words. The first try is the last: whatever comes of it, the
 * code is spent, and the person is told.
 */
export class Pairings implements PairingsApi {
  readonly #init: PairingsInit;
  readonly #open = new Map<number, Open>();

  constructor(init: PairingsInit) {
    this.#init = init;
    init.scope.defer(() => this.#closeAll());
  }

  async addDevice(password: string): Promise<OpenCode> {
    const { self, random, client } = this.#init;
    await confirmPassword(client(), self, password);
    // Its key is what the new device opens its store by; the account's password opens it from then on.
    const vault = await createVault(password, random);
    const { number, expires } = await client().request('pairing.open', {}).catch(throwUnsupported);
    return this.#opened(number, expires, (asks) => this.#admitDevice(number, asks, vault));
  }

  async #admitDevice(number: number, asks: Uint8Array, vault: Vault): Promise<Admission> {
    const { self, scope, ownDevices, allowHistory, report } = this.#init;
    const { key, label } = deviceAsks.decode(asks);
    const device = deviceIdOf(key);
    // Whoever made the code is told of this device by what comes of the code.
    scope.run(() => ownDevices.quietly(device, async () => this.#open.get(number)?.spent), report);
    await allowHistory(device);
    const gift = deviceGets.encode({
      ...{ user: self.user, identity: self.identity.seed() },
      vault: { key: vault.key, file: vault.file },
    });
    return { gift, outcome: { device: { id: device, name: cleanLine(label) } } };
  }

  /** A newcomer has said something. */
  async said({ number, message }: Notice<DirectoryNotices, 'pairing.said'>): Promise<void> {
    const open = this.#open.get(number);
    if (open === undefined) {
      // Of an earlier run of this program.
      await this.#init.client().request('pairing.close', { number, wrong: false });
      return;
    }
    try {
      await this.#init.client().request('pairing.answer', { number, ...(await this.#answer(open, message)) });
    } catch (error) {
      const why = toFailure(error);
      const isWrong = why.reason !== 'unreachable';
      this.#end(number, isWrong ? new Failure('pairing-wrong') : why);
      await this.#init.client().request('pairing.close', { number, wrong: isWrong });
    }
  }

  /** The directory says that the code is spent. */
  ended({ number, how }: Notice<DirectoryNotices, 'pairing.ended'>): void {
    if (how === 'done') this.#end(number);
    else this.#end(number, new Failure(how === 'left' ? 'pairing-left' : 'pairing-expired'));
  }

  async #answer(open: Open, message: Uint8Array): Promise<{ message: Uint8Array; device?: string }> {
    const { host } = open;
    if (!host.isMet) return { message: host.meet(message) };
    const { gift, outcome } = await open.admit(host.judge(message));
    open.admitted = outcome;
    return { message: host.give(gift), device: outcome.device.id };
  }

  #opened(number: number, expires: number, admit: Open['admit']): OpenCode {
    const { self, clock, random } = this.#init;
    const words = newWords(random);
    const { directoryId } = self.anchor.trust;
    const host = new PairingHost({ kind: 'device', number, words, directoryId }, random);
    let settle!: Open['settle'];
    let fail!: Open['fail'];
    const outcome = new Promise<CodeOutcome>((resolve, reject) => {
      [settle, fail] = [resolve, reject];
    });
    // Told by an event, too: whoever made the code need not wait for it.
    const spent = outcome.catch(() => {});
    const cancelEnd = clock.after(PAIRING_MS, () => this.#end(number, new Failure('pairing-expired')));
    this.#open.set(number, { number, host, cancelEnd, admit, settle, fail, spent });
    const code = { number, words };
    return { code: formatCode(code), link: formatCodeLink(self.link, code), expiresAt: timestamp(expires), outcome };
  }

  /** @param why it came to nothing */
  #end(number: number, why?: Failure): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    open.cancelEnd();
    const { admitted } = open;
    if (why === undefined && admitted !== undefined) {
      open.settle(admitted);
      this.#init.emit({ event: 'account', change: 'code', state: 'done', ...admitted });
      return;
    }
    const failure = why ?? new Failure('pairing-left');
    open.fail(failure);
    const state = STATES[failure.code as Code];
    if (state !== undefined) this.#init.emit({ event: 'account', change: 'code', state });
  }

  /** Whoever comes with a code of this device finds nobody there. */
  #closeAll(): void {
    for (const { cancelEnd, fail } of this.#open.values()) {
      cancelEnd();
      fail(new Failure('closed'));
    }
    this.#open.clear();
  }
}

/** A directory of an earlier version has no such request. */
export function throwUnsupported(error: unknown): never {
  throw hasCode(error, 'method-unknown') ? new Failure('pairing-unsupported') : error;
}
