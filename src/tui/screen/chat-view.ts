import type { CommandInfo } from '../commands.js';
import type { Editor } from '../editor/editor.js';
import type { ViewStyle } from '../log/view.js';
import { HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';
import type { Areas } from '../paint/areas.js';
import { type ChatPicture, chatAreas, paintChat } from '../paint/chat.js';
import { commandsRow, helpEnd } from '../paint/help.js';
import { viewStyle } from '../paint/log.js';
import type { ChatScene } from '../paint/scene.js';
import { chooseTheme, hasPictures } from '../paint/theme.js';
import type { ChatInit } from './chat-init.js';
import type { Display } from './display.js';
import type { Picker } from './picker.js';
import type { SecretPrompt } from './prompt.js';
import type { Reply } from './reply.js';
import type { Search } from './search.js';

/** What is seen of the chat. */
interface Seen {
  readonly model: ChatModel;
  readonly editor: Editor;
  readonly search: Search;
  readonly display: Display;
  readonly picker: Picker;
  readonly prompt: SecretPrompt;
  readonly reply: Reply;
  readonly commands: readonly CommandInfo[];
}

/** The window's title: how much is unread, and what is open. */
function titleOf(model: ChatModel): string {
  let unread = 0;
  for (const conversation of model.conversations.values()) unread += conversation.unread;
  const where = model.selected === HOME ? '' : `: ${model.selected.replace(/^@/, '')}`;
  return `${unread > 0 ? `(${unread}) ` : ''}p2pchat${where}`;
}

/** The chat as it stands on this terminal: what is painted, and where everything is. */
export class ChatView {
  readonly #init: ChatInit;
  readonly #seen: Seen;

  constructor(init: ChatInit, seen: Seen) {
    this.#init = init;
    this.#seen = seen;
  }

  get #scene(): ChatScene {
    const { model, editor, search, display, picker, prompt, reply, commands } = this.#seen;
    return {
      ...{ model, editor, commands },
      search: search.state,
      overlay: display.overlay,
      picker: picker.state,
      members: display.members,
      sidebar: display.sidebar,
      prompt: prompt.question,
      reply: reply.quote,
      flash: display.flash,
      home: this.#init.home,
      pictures: this.pictures,
      bidi: this.#init.bidi,
      now: this.#init.clock.now(),
    };
  }

  /** Wanted, and in a theme that has colours. */
  get pictures(): boolean {
    const { settings, env } = this.#init;
    return settings.get('previews') !== 'off' && hasPictures(this.#seen.display.theme, env);
  }

  paint(): ChatPicture {
    const { terminal, env } = this.#init;
    const picture = paintChat(this.#scene, terminal.width, terminal.height);
    terminal.paint(picture.grid, chooseTheme(this.#seen.display.theme, env), this.#init.settings.get('previews'));
    terminal.setTitle(titleOf(this.#seen.model));
    return picture;
  }

  /** Where everything stands at the moment, in cells. */
  get areas(): Areas {
    return chatAreas(this.#scene, this.#init.terminal.width, this.#init.terminal.height);
  }

  /** The window on the open conversation's log. */
  get window(): { readonly height: number; readonly style: ViewStyle } {
    const { log } = this.areas;
    return { height: log.height, style: viewStyle(this.#scene, log.width) };
  }

  /** How far what covers the chat can be moved. */
  get overlayEnd(): number {
    const { model, display } = this.#seen;
    if (display.overlay?.kind === 'transfers') return Math.max(0, model.transfers.list.length - 1);
    const { width, height } = this.#init.terminal;
    return helpEnd(this.#scene, width, height);
  }

  /** The row of the help at which the commands begin. */
  get commandsRow(): number {
    return commandsRow(this.#scene, this.#init.terminal.width);
  }
}
