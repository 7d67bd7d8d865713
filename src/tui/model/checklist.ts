export type Step = 'hi' | 'message' | 'verify';

/** What a newcomer may try in the first minutes, in this order. */
const STEPS: readonly { readonly step: Step; readonly text: string }[] = [
  { step: 'hi', text: 'Say hi: write something and press Enter' },
  { step: 'message', text: 'Reach someone: see ✓ beside what you wrote' },
  { step: 'verify', text: 'Verify a contact: /verify USER' },
];

/** The list of the first minutes. It ticks itself from what happens, and is gone when all is done or it is dismissed. */
export class Checklist {
  readonly #done: Set<Step>;
  #shown: boolean;

  /** @param done what was ticked in earlier sessions @param shown false for people who know their way */
  constructor(shown = false, done: Iterable<Step> = []) {
    this.#shown = shown;
    this.#done = new Set(done);
  }

  get visible(): boolean {
    return this.#shown && this.#done.size < STEPS.length;
  }

  get lines(): readonly { readonly text: string; readonly done: boolean }[] {
    return STEPS.map(({ step, text }) => ({ text, done: this.#done.has(step) }));
  }

  tick(step: Step): void {
    this.#done.add(step);
  }

  dismiss(): void {
    this.#shown = false;
  }
}
