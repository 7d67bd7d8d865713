import type { Beside, CommandInfo } from '../commands.js';
import type { Editor } from '../editor/editor.js';
import type { Quote } from '../log/entry.js';
import type { ChatModel } from '../model/model.js';
import type { BidiMode } from '../text/layout.js';
import type { PickerState } from './picker.js';

/** Searching: what is looked for, what was found, and which of it is shown. */
export interface SearchState {
  readonly editor: Editor;
  /** Ids, oldest first; undefined while nothing was looked for yet. */
  readonly found: readonly string[] | undefined;
  readonly at: number;
}

/** What covers the chat until it is closed: the help, scrolled so far, or the transfers, one of them marked. */
export interface Overlay {
  readonly kind: 'help' | 'transfers';
  readonly at: number;
}

/** Everything a picture of the chat depends on. */
export interface ChatScene {
  readonly model: ChatModel;
  readonly editor: Editor;
  readonly search: SearchState | undefined;
  readonly overlay: Overlay | undefined;
  /** What there is to choose from, over the log. */
  readonly picker: PickerState | undefined;
  /** Whether the members of a group are shown where there is room. */
  readonly members: boolean;
  /** Whether the list of conversations is shown where there is room. */
  readonly sidebar: boolean;
  readonly commands: readonly CommandInfo[];
  /** A question that takes the editor's place until it is answered: a secret, never echoed, unless it says beside what. */
  readonly prompt: { readonly label: string; readonly editor: Editor; readonly beside?: Beside } | undefined;
  /** The message that what is written will answer. */
  readonly reply: Quote | undefined;
  /** One line that goes by itself: what a key did. */
  readonly flash: string;
  /** The person's own folder, to write paths short. */
  readonly home: string;
  /** Whether small pictures are shown in the log. */
  readonly pictures: boolean;
  readonly bidi: BidiMode;
  /** Milliseconds since 1970. */
  readonly now: number;
}
