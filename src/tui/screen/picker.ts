import { Editor } from '../editor/editor.js';
import type { Choice, PickerState } from '../paint/picker.js';
import { fitness } from '../text/match.js';

interface Picking {
  readonly title: string;
  readonly empty: string;
  readonly choices: readonly Choice[];
  readonly editor: Editor;
}

/** A list to choose from by a few letters: conversations, people, commands, or what was said. */
export class Picker {
  #picking: Picking | undefined;
  #at = 0;
  /** What was typed when a place was marked: another text begins at the top again. */
  #for = '';

  /** @param empty what is said where there is nothing to choose from */
  open(title: string, choices: readonly Choice[], empty: string): void {
    this.#picking = { title, choices, empty, editor: new Editor({ oneLine: true }) };
    this.#mark(0);
  }

  close(): void {
    this.#picking = undefined;
  }

  /** Of what is typed to choose by; undefined while nothing is chosen from. */
  get editor(): Editor | undefined {
    return this.#picking?.editor;
  }

  /** What to show, made anew of all there is to choose from; undefined while nothing is chosen from. */
  get state(): PickerState | undefined {
    if (this.#picking === undefined) return undefined;
    const { title, empty, editor } = this.#picking;
    const choices = this.#fitting(this.#picking);
    const at = editor.text === this.#for ? Math.max(0, Math.min(this.#at, choices.length - 1)) : 0;
    return { title, empty, editor, choices, at };
  }

  move(by: number): void {
    const { state } = this;
    if (state) this.#mark(Math.max(0, Math.min(state.choices.length - 1, state.at + by)));
  }

  choose(): void {
    const { state } = this;
    const choice = state?.choices[state.at];
    if (choice === undefined) return;
    this.close();
    choice.choose();
  }

  #mark(at: number): void {
    this.#at = at;
    this.#for = this.#picking?.editor.text ?? '';
  }

  #fitting({ choices, editor }: Picking): readonly Choice[] {
    const typed = editor.text.trim();
    if (typed === '') return choices.filter(({ onlyTyped }) => onlyTyped !== true);
    return choices
      .map((choice) => ({ choice, fits: fitness(typed, choice.letters ?? choice.label) }))
      .filter(({ fits }) => fits !== undefined)
      .sort((a, b) => a.fits! - b.fits!)
      .map(({ choice }) => choice);
  }
}
