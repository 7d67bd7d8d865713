import type { Beside } from '../commands.js';
import { Editor } from '../editor/editor.js';

export interface Asked {
  readonly label: string;
  readonly editor: Editor;
  /** Where what is typed may be seen: what it is about. */
  readonly beside?: Beside;
}

interface Question extends Asked {
  readonly answer: (text: string | undefined) => void;
}

/** A question, mostly for something that must not be seen; it takes the editor's place until it is answered. */
export class SecretPrompt {
  readonly #changed: () => void;
  #question: Question | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get question(): Asked | undefined {
    return this.#question;
  }

  /** Resolves with what was written, or undefined where the person gave up or another question came. */
  ask(label: string, beside?: Beside): Promise<string | undefined> {
    this.answer(false);
    return new Promise((resolve) => {
      const editor = new Editor({ oneLine: true });
      this.#question = { label, editor, answer: resolve, ...(beside && { beside }) };
      this.#changed();
    });
  }

  /** Ends the question, with what was written or without. Nothing of it stays in the editor. */
  answer(given: boolean): void {
    const question = this.#question;
    if (question === undefined) return;
    this.#question = undefined;
    const text = question.editor.text;
    question.editor.wipe();
    question.answer(given ? text : undefined);
    this.#changed();
  }
}
