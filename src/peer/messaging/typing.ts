import type { Cancel, Clock } from '../../base/clock.js';
import { LruCache } from '../../base/lru-cache.js';
import { TYPING_EVERY_MS, TYPING_FOR_MS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { TypingEvent } from '../api/events.js';

export interface TypingInit {
  readonly clock: Clock;
  /** Whether this person wants to tell and be told. */
  isOn(): boolean;
  /** To whoever is there just now; nothing of it is kept, and it may be lost. */
  send(conversation: string, active: boolean): void;
  emit(event: TypingEvent): void;
}

/** People shown as typing at once; beyond, nobody is added. */
const MOST = 256;

interface Typist {
  readonly conversation: string;
  readonly user: string;
  cancel: Cancel;
}

/**
 * Who is typing. Told at most every TYPING_EVERY_MS while keys are pressed; held for TYPING_FOR_MS after it was heard, so
 * that whoever goes in the middle of a word is not typing for ever.
 */
export class Typing {
  readonly #init: TypingInit;
  /** When it was last told, by conversation; monotonic. */
  readonly #told = new Map<string, number>();
  readonly #heard = new Map<string, Typist>();
  /** When somebody was last shown as typing; monotonic. Whoever stops and starts all the time is shown once in a while. */
  readonly #started = new LruCache<string, number>(MOST);

  constructor(init: TypingInit) {
    this.#init = init;
  }

  /** This person presses keys in the conversation, or has emptied the line. */
  say(conversation: string, active: boolean): void {
    if (!this.#init.isOn()) return;
    const now = this.#init.clock.monotonic();
    const told = this.#told.get(conversation);
    const holds = told !== undefined && now - told < TYPING_FOR_MS;
    if (active && told !== undefined && now - told < TYPING_EVERY_MS) return;
    if (active) this.#told.set(conversation, now);
    else this.#told.delete(conversation);
    if (active || holds) this.#init.send(conversation, active);
  }

  /** What was typed is sent: the message itself tells the others. */
  sent(conversation: string): void {
    this.#told.delete(conversation);
  }

  heard(conversation: string, user: string, active: boolean): void {
    const name = keyOf(conversation, user);
    const known = this.#heard.get(name);
    if (!active) this.#stop(name);
    if (!active || !this.#init.isOn() || (known === undefined && this.#heard.size >= MOST)) return;
    known?.cancel();
    const now = this.#init.clock.monotonic();
    if (known === undefined && now - (this.#started.get(name) ?? Number.NEGATIVE_INFINITY) < TYPING_EVERY_MS) return;
    const cancel = this.#init.clock.after(TYPING_FOR_MS, () => this.#stop(name));
    if (known) known.cancel = cancel;
    else {
      this.#heard.set(name, { conversation, user, cancel });
      this.#started.set(name, now);
      this.#init.emit({ event: 'typing', conversation, user, state: 'started' });
    }
  }

  /** A message of theirs has come. */
  spoke(conversation: string, user: string): void {
    const name = keyOf(conversation, user);
    this.#started.delete(name);
    this.#stop(name);
  }

  /** Ends every wait; nobody is told. */
  close(): void {
    for (const { cancel } of this.#heard.values()) cancel();
    this.#heard.clear();
  }

  #stop(name: string): void {
    const typist = this.#heard.get(name);
    if (typist === undefined) return;
    typist.cancel();
    this.#heard.delete(name);
    const { conversation, user } = typist;
    this.#init.emit({ event: 'typing', conversation, user, state: 'stopped' });
  }
}

const keyOf = (conversation: string, user: string): string => foldName(`${conversation} ${user}`);
