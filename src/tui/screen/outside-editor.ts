import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { Editor } from '../editor/editor.js';
import type { ChatModel } from '../model/model.js';
import type { TerminalPort } from './port.js';

/** Edits a text in another program on the same terminal. @returns the text as it is then */
export type EditText = (text: string) => Promise<string>;

interface OutsideEditorInit {
  readonly terminal: TerminalPort;
  readonly model: ChatModel;
  readonly clock: Clock;
  readonly editor: Editor;
  readonly edit: EditText;
  changed(): void;
}

/** What is being written, in the person's own editor. What comes meanwhile stands in the log afterwards. */
export class OutsideEditor {
  readonly #init: OutsideEditorInit;
  #open = false;

  constructor(init: OutsideEditorInit) {
    this.#init = init;
  }

  /** Never rejects. Nothing is sent: it comes back into the line. */
  async open(): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    const { terminal, model, clock, editor, edit, changed } = this.#init;
    try {
      editor.set(await terminal.lend(() => edit(editor.text)));
    } catch (error) {
      model.fail(toFailure(error), clock.now());
    }
    this.#open = false;
    changed();
  }
}
