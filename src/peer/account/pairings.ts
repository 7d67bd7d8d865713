import { type Cancel, type Clock, timestamp } from '../../base/clock.js';
import { type Code, Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { deviceIdOf } from '../../crypto/keys.js';
import { PairingHost } from '../../crypto/pairing.js';
import { formatCode, formatCodeLink, newWords } from '../../crypto/spoken-code.js';
import { createVault } from '../../crypto/vault.js';
import type { DirectoryMethods, DirectoryNotices } from '../../wire/directory.js';
import { PAIRING_MS } from '../../wire/limits.js';
import { deviceAsks, deviceGets, type PairingKind, personGets, personIs } from '../../wire/pairing.js';
import type { Notice, Params } from '../../wire/rpc.js';
import { cleanLine } from '../../wire/text.js';
import type { CodeEvent } from '../api/events.js';
import type { CameDevice, CamePerson, OpenCode, PairingsApi } from '../api/pairing.js';
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
  /** A group that this account may bring people into, as it is called. @throws Failure denied, unknown */
  groupFor(name: string): Promise<string>;
  /** Invites a newcomer who has shown this identity. @throws Failure trust where the directory shows another one */
  bringIn(person: { readonly user: string; readonly identityKey: Uint8Array }, group?: string): Promise<void>;
  emit(event: CodeEvent): void;
  report(error: unknown): void;
}

type Outcome = CameDevice | CamePerson;
type Answer = Omit<Params<DirectoryMethods, 'pairing.answer'>, 'number'>;

/** A code that was made here, until it is spent. */
interface Open {
  readonly host: PairingHost;
  readonly cancelEnd: Cancel;
  /** Answers the newcomer after their machines have met: its proof first. */
  answer(message: Uint8Array): Promise<Answer>;
  settle(outcome: Outcome): void;
  fail(why: Failure): void;
  /** Who has come by it. */
  came?: Outcome;
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

  async addDevice(password: string): Promise<OpenCode<CameDevice>> {
    const { self, random, client, scope, ownDevices, allowHistory, report } = this.#init;
    await confirmPassword(client(), self, password);
    // Its key is what the new device opens its store by; the account's password opens it from then on.
    const { key: vaultKey, file } = await createVault(password, random);
    const { number, expires } = await client().request('pairing.open', {}).catch(throwUnsupported);
    return this.#opened<CameDevice>('device', { number, expires }, (open) => async (proof) => {
      const { key, label } = deviceAsks.decode(open.host.judge(proof));
      const device = deviceIdOf(key);
      // Whoever made the code is told of this device by what comes of the code.
      scope.run(() => ownDevices.quietly(device, () => open.spent), report);
      await allowHistory(device);
      open.came = { device: { id: device, name: cleanLine(label) } };
      const vault = { key: vaultKey, file };
      const gift = deviceGets.encode({ user: self.user, identity: self.identity.seed(), vault });
      return { message: open.host.give(gift), device };
    });
  }

  async invite(group?: string): Promise<OpenCode<CamePerson>> {
    const { client, groupFor, bringIn } = this.#init;
    const name = group === undefined ? undefined : await groupFor(group);
    const { invite, ...opened } = await client().request('pairing.invite', {}).catch(throwUnsupported);
    return this.#opened<CamePerson>('invitation', opened, (open) => {
      let isProved = false;
      return async (message) => {
        if (!isProved) {
          open.host.judge(message);
          isProved = true;
          return { message: open.host.give(personGets.encode({ invite, ...(name && { group: name }) })) };
        }
        const person = personIs.decode(open.host.hear(message));
        await bringIn(person, name);
        open.came = { user: person.user, ...(name && { group: `#${name}` }) };
        return { message: DONE, done: true };
      };
    });
  }

  /** A newcomer has said something. */
  async said({ number, message }: Notice<DirectoryNotices, 'pairing.said'>): Promise<void> {
    const { client } = this.#init;
    const open = this.#open.get(number);
    if (open === undefined) {
      // Of an earlier run of this program.
      await client().request('pairing.close', { number, wrong: false });
      return;
    }
    try {
      const { host } = open;
      const answer = host.isMet ? await open.answer(message) : { message: host.meet(message) };
      await client().request('pairing.answer', { number, ...answer });
    } catch (error) {
      const why = toFailure(error);
      const isWrong = why.reason === 'protocol' || hasCode(why, 'pairing-wrong');
      this.#end(number, isWrong ? new Failure('pairing-wrong') : why);
      await client().request('pairing.close', { number, wrong: isWrong });
    }
  }

  /** The directory says that the code is spent. */
  ended({ number, how }: Notice<DirectoryNotices, 'pairing.ended'>): void {
    if (how === 'done') this.#end(number);
    else this.#end(number, new Failure(how === 'left' ? 'pairing-left' : 'pairing-expired'));
  }

  #opened<T extends Outcome>(
    kind: PairingKind,
    { number, expires }: { readonly number: number; readonly expires: number },
    answering: (open: Open) => Open['answer'],
  ): OpenCode<T> {
    const { self, clock, random } = this.#init;
    const words = newWords(random);
    const { directoryId } = self.anchor.trust;
    const host = new PairingHost({ kind, number, words, directoryId }, random);
    let settle!: (outcome: T) => void;
    let fail!: Open['fail'];
    const outcome = new Promise<T>((resolve, reject) => {
      [settle, fail] = [resolve, reject];
    });
    // Told by an event, too: whoever made the code need not wait for it.
    const spent = outcome.catch(() => {});
    const cancelEnd = clock.after(PAIRING_MS, () => this.#end(number, new Failure('pairing-expired')));
    const open: Open = {
      ...{ host, cancelEnd, fail, spent },
      settle: (came) => settle(came as T),
      answer: (message) => answer(message),
    };
    const answer = answering(open);
    // Only a directory that errs or lies gives out a number twice.
    this.#end(number, new Failure('pairing-expired'));
    this.#open.set(number, open);
    const code = { number, words };
    return { code: formatCode(code), link: formatCodeLink(self.link, code), expiresAt: timestamp(expires), outcome };
  }

  /** @param why it came to nothing */
  #end(number: number, why?: Failure): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    open.cancelEnd();
    const { came } = open;
    if (why === undefined && came !== undefined) {
      open.settle(came);
      this.#init.emit({ event: 'account', change: 'code', state: 'done', ...came });
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

/** That somebody has been brought in is all there is to say. */
const DONE = Uint8Array.of(1);

/** A directory of an earlier version has no such request. */
export function throwUnsupported(error: unknown): never {
  throw hasCode(error, 'method-unknown') ? new Failure('pairing-unsupported') : error;
}
