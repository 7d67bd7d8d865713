import type { Clock } from '../../base/clock.js';
import type { PeerEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import type { TerminalPort } from './port.js';
import type { Settings } from './settings.js';

export interface NotifierInit {
  readonly terminal: TerminalPort;
  readonly clock: Clock;
  readonly settings: Settings;
  /** Shows a desktop notification by a program of the system. @returns false where there is none */
  readonly desktop?: ((title: string, text: string) => boolean) | undefined;
}

/** Of a burst one is told once. */
const AT_MOST_EVERY_MS = 2_000;
const TEXT = 120;

/** What a notice tells besides who it is from; only where a person has asked for that. */
function textOf(event: PeerEvent): string {
  if (event.event === 'message') return cleanLine(event.text, TEXT);
  if (event.event === 'transfer') return cleanLine(event.files[0]?.name ?? '', TEXT);
  return '';
}

/** Tells a person who looks elsewhere that something came; never with its text, unless they want that. */
export class Notifier {
  readonly #init: NotifierInit;
  #last = Number.NEGATIVE_INFINITY;

  constructor(init: NotifierInit) {
    this.#init = init;
  }

  notify(event: PeerEvent, conversation: string): void {
    const { terminal, clock, settings, desktop } = this.#init;
    const choice = settings.get('notify');
    const now = clock.monotonic();
    if (choice === 'off' || now - this.#last < AT_MOST_EVERY_MS) return;
    this.#last = now;
    const says = event.event === 'transfer' ? 'A file is offered' : 'New message';
    const title = `${says}: ${conversation}`;
    const shown = choice === 'bell' || desktop?.(title, choice === 'text' ? textOf(event) : '') === true;
    terminal.notify(shown ? '' : title);
  }
}
