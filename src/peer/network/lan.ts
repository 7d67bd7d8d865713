import type { Cancel, Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { Multicast, MulticastHeard, MulticastState, OpenMulticast } from '../../net/multicast.js';
import type { Endpoint } from '../../wire/directory.js';
import { answeredTag, answerName, questionNames, readQuestion } from '../../wire/lan.js';
import type { LocalDevice } from '../identity/local-device.js';
import { onOwnWire } from './candidates.js';
import { type LanContact, LanDiscovery, type LanFound, type Moment } from './lan-discovery.js';

export interface LanInit {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly open: OpenMulticast;
  /** Whom this device looks for and answers to. */
  contacts(): Promise<readonly LanContact[]>;
  /** The person who uses this installation wants it. */
  isWanted(): boolean;
  /** There is no directory to introduce anybody, and none of this person's devices is reached yet. */
  isMissing(user: string): boolean;
  /** Where this device listens, link-local addresses without their zone among them. */
  endpoints(): readonly Endpoint[];
  onFound(found: LanFound): void;
  onError(error: unknown): void;
}

/** What is said on the local network, and what of it is heard. */
export interface LanState {
  readonly places: readonly MulticastState[];
  readonly hearsOthers: boolean;
}

export interface LanProbe {
  /** Devices. */
  readonly answered: ReadonlySet<string>;
  readonly state: LanState;
}

/** Whoever answers does at once. */
const PROBED_FOR_MS = 700;
/** A question may be lost, or come when the other program has not opened its sockets yet. */
const ASKED_AFTER_MS = [0, 1_000, 3_000];
const ASKED_EVERY_MS = 30_000;

/** Looks for contacts on the local network while there is no directory, and answers those who look for this device. */
export class Lan {
  readonly #init: LanInit;
  readonly #discovery: LanDiscovery;
  #multicast: Multicast | undefined;
  /** It begins and ends one after the other, however quickly it is wanted and not. */
  readonly #turns = new Queues();
  /** Devices that answer while a probe runs. */
  #answers: Set<string> | undefined;
  readonly #timers = new Set<Cancel>();

  constructor(init: LanInit) {
    this.#init = init;
    this.#discovery = new LanDiscovery(init.self, init.random);
    init.scope.defer(() => this.obey());
  }

  /** Begins, or ends, as it is wanted now. */
  obey(): Promise<void> {
    const { isWanted, scope } = this.#init;
    return this.#turns.take('', async () => {
      if (!isWanted() || scope.signal.aborted) await this.#close();
      else if (this.#multicast === undefined) await this.#open();
    });
  }

  async #open(): Promise<void> {
    const { open, contacts } = this.#init;
    this.#discovery.know(await contacts());
    this.#multicast = await open((heard) => this.#hear(heard));
    this.#askSoon();
  }

  /** Something has changed: the interfaces, or that there is a directory. */
  lookAgain(): void {
    const { scope, onError } = this.#init;
    if (this.#multicast === undefined) {
      scope.run(() => this.obey(), onError);
      return;
    }
    this.#multicast.update();
    this.#askSoon();
  }

  #askSoon(): void {
    this.#stop();
    for (const ms of ASKED_AFTER_MS) this.#later(ms, () => this.#ask());
    this.#every();
  }

  /** Asks for everybody, now. @returns which devices answer; undefined where nothing is said on the network */
  async probe(): Promise<LanProbe | undefined> {
    await this.obey();
    if (this.#multicast === undefined) return undefined;
    this.#multicast.update();
    const answered = new Set<string>();
    this.#answers = answered;
    await this.#askFor(() => true);
    await this.#init.scope.pause(this.#init.clock, PROBED_FOR_MS);
    if (this.#answers === answered) this.#answers = undefined;
    const { hearsOthers = false } = this.#multicast ?? {};
    return { answered, state: { places: this.#multicast?.state() ?? [], hearsOthers } };
  }

  #every(): void {
    this.#later(ASKED_EVERY_MS, () => {
      this.#ask();
      this.#every();
    });
  }

  #later(ms: number, work: () => void): void {
    const cancel = this.#init.clock.after(ms, () => {
      this.#timers.delete(cancel);
      work();
    });
    this.#timers.add(cancel);
  }

  #stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #ask(): void {
    const { scope, isMissing, onError } = this.#init;
    scope.run(() => this.#askFor(isMissing), onError);
  }

  async #askFor(wanted: (user: string) => boolean): Promise<void> {
    this.#discovery.know(await this.#init.contacts());
    for (const question of this.#discovery.ask(this.#moment(), wanted)) {
      const names = questionNames(question);
      this.#multicast?.say(
        'question',
        names.map((name) => ({ name })),
      );
    }
  }

  #hear({ kind, records, from }: MulticastHeard): void {
    if (kind === 'answer') {
      for (const { name, data } of records) this.#answered(answeredTag(name), data, from);
      return;
    }
    const names = records.map(({ name }) => name);
    const question = readQuestion(names);
    if (question === undefined) return;
    for (const { tag, sealed } of this.#discovery.hear(question, this.#moment(), this.#init.endpoints)) {
      this.#multicast?.say('answer', [{ name: answerName(tag), data: sealed }]);
    }
  }

  #answered(tag: string | undefined, sealed: Uint8Array | undefined, from: string): void {
    if (tag === undefined || sealed === undefined) return;
    try {
      const found = this.#discovery.take({ tag, sealed }, this.#moment());
      if (found) this.#answers?.add(found.device);
      if (found) this.#init.onFound({ ...found, endpoints: onOwnWire(found.endpoints, from) });
    } catch (error) {
      // Sealed by a contact, and not as agreed.
      if (!(error instanceof Failure)) this.#init.onError(error);
    }
  }

  #moment(): Moment {
    const { clock } = this.#init;
    return { now: clock.now(), monotonic: clock.monotonic() };
  }

  async #close(): Promise<void> {
    this.#stop();
    const multicast = this.#multicast;
    this.#multicast = undefined;
    await multicast?.close();
  }
}
