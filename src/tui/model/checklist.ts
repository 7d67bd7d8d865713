export const STEPS = ['hi', 'message', 'file', 'verify', 'phrase'] as const;
export type Step = (typeof STEPS)[number];

export const isStep = (word: unknown): word is Step => (STEPS as readonly unknown[]).includes(word);

/** What a newcomer may try in the first minutes, in this order, and how. */
const TEXTS: Readonly<Record<Step, { readonly text: string; readonly how: string }>> = {
  hi: { text: 'Say hi in a room', how: 'write something, Enter' },
  message: { text: 'Message someone', how: '/msgto echo hello' },
  file: { text: 'Send a file', how: '/p2pfile echo PATH' },
  verify: { text: 'Verify a contact', how: '/verify echo' },
  phrase: { text: 'Save the recovery phrase', how: '/recovery' },
};

export interface ChecklistState {
  readonly done: readonly Step[];
  readonly dismissed: boolean;
}

interface ChecklistInit extends Partial<ChecklistState> {
  /** The steps there are: not every program has all of them. */
  readonly steps?: readonly Step[];
  /** Told of every change, so that it can be kept. */
  readonly changed?: (state: ChecklistState) => void;
}

/** The list of the first minutes. It ticks itself from what happens, and is gone when all is done or it is dismissed. */
export class Checklist {
  readonly #steps: readonly Step[];
  readonly #done: Set<Step>;
  readonly #changed: (state: ChecklistState) => void;
  #dismissed: boolean;

  constructor({ steps = STEPS, done = [], dismissed = false, changed = () => {} }: ChecklistInit = {}) {
    this.#steps = steps;
    this.#done = new Set(done);
    this.#dismissed = dismissed;
    this.#changed = changed;
  }

  get visible(): boolean {
    return !this.#dismissed && this.#steps.some((step) => !this.#done.has(step));
  }

  get lines(): readonly { readonly text: string; readonly how: string; readonly done: boolean }[] {
    return this.#steps.map((step) => ({ ...TEXTS[step], done: this.#done.has(step) }));
  }

  tick(step: Step): void {
    if (this.#done.has(step)) return;
    this.#done.add(step);
    this.#tell();
  }

  dismiss(): void {
    if (!this.visible) return;
    this.#dismissed = true;
    this.#tell();
  }

  #tell(): void {
    this.#changed({ done: [...this.#done], dismissed: this.#dismissed });
  }
}
