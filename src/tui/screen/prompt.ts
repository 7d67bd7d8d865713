import { Editor } from '../editor/editor.js';

interface Question {
  readonly label: string;
  readonly editor: Editor;
  readonly answer: (text: string | undefined) => void;
}

/** A question for something that must not be seen; it takes the editor's place until it is answered. */
export class SecretPrompt {
  readonly #changed: () => void;
  #question: Question | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get question(): { readonly label: string; readonly editor: Editor } | undefined {
    return this.#question;
  }

  /** Resolves with what was written, or undefined where the person gave up or another question came. */
  ask(label: string): Promise<string | undefined> {
    this.answer(false);
    return new Promise((resolve) => {
      this.#question = { label, editor: new Editor({ oneLine: true }), answer: resolve };
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
