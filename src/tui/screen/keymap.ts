import type { Editor } from '../editor/editor.js';
import type { InputEvent } from '../input/decoder.js';
import type { MouseInput } from '../input/mouse.js';
import type { ChatModel } from '../model/model.js';
import { sidebarRows } from '../paint/sidebar.js';
import type { ChatView } from './chat-view.js';
import type { Choices } from './choices.js';
import type { Display } from './display.js';
import type { Navigation } from './navigation.js';
import type { OutsideEditor } from './outside-editor.js';
import type { Picker } from './picker.js';
import type { Plain } from './plain.js';
import type { SecretPrompt } from './prompt.js';
import type { Search } from './search.js';

/** What keys and the mouse can do in the chat. */
export interface ChatActions {
  readonly model: ChatModel;
  readonly editor: Editor;
  readonly activeEditor: Editor;
  readonly display: Display;
  readonly search: Search;
  readonly prompt: SecretPrompt;
  readonly go: Navigation;
  readonly picker: Picker;
  readonly choices: Choices;
  readonly plain: Plain;
  readonly outside: OutsideEditor;
  readonly mode: 'chat' | 'search' | 'help' | 'transfers' | 'prompt' | 'paste' | 'pick' | 'bare';
  readonly view: ChatView;
  focus(focused: boolean): void;
  submit(): void;
  /** Sends what was pasted as a file. */
  sendPasted(): void;
  open(id: string): Promise<void>;
  scroll(by: number | 'page-up' | 'page-down' | 'end'): void;
  interrupt(): void;
  /** What is written answers the newest message; again, the one before. */
  reply(): void;
  /** Gives up a reply, else returns to the newest. */
  escape(): void;
  /** Answers the newest offer that waits, one of the open conversation before all others. */
  answer(take: boolean): void;
  /** Does something to the marked transfer. */
  onTransfer(action: TransferAction): void;
}

export type TransferAction = 'open' | 'take' | 'refuse' | 'pause' | 'cancel' | 'play';

type Keys<T> = Readonly<Record<string, (target: T) => void>>;

const EDITING: Keys<Editor> = {
  left: (editor) => editor.left(),
  right: (editor) => editor.right(),
  'C-b': (editor) => editor.left(),
  'C-left': (editor) => editor.wordLeft(),
  'C-right': (editor) => editor.wordRight(),
  'M-left': (editor) => editor.wordLeft(),
  'M-right': (editor) => editor.wordRight(),
  'M-b': (editor) => editor.wordLeft(),
  'M-f': (editor) => editor.wordRight(),
  home: (editor) => editor.home(),
  end: (editor) => editor.end(),
  'C-a': (editor) => editor.home(),
  'C-e': (editor) => editor.end(),
  backspace: (editor) => editor.backspace(),
  delete: (editor) => editor.delete(),
  'C-w': (editor) => editor.killWordBefore(),
  'M-backspace': (editor) => editor.killWordBefore(),
  'M-d': (editor) => editor.killWordAfter(),
  'C-u': (editor) => editor.killToStart(),
  'M-k': (editor) => editor.killToEnd(),
  'C-y': (editor) => editor.yank(),
  'C-z': (editor) => editor.undo(),
  'C-_': (editor) => editor.undo(),
};

const CHAT: Keys<ChatActions> = {
  enter: (chat) => chat.submit(),
  'M-enter': ({ editor }) => editor.newline(),
  'S-enter': ({ editor }) => editor.newline(),
  'C-j': ({ editor }) => editor.newline(),
  tab: ({ editor }) => editor.complete(),
  'S-tab': ({ editor }) => editor.complete(true),
  up: ({ editor }) => editor.up(),
  down: ({ editor }) => editor.down(),
  'M-up': (chat) => chat.go.step(-1),
  'M-down': (chat) => chat.go.step(1),
  'C-p': (chat) => chat.go.step(-1),
  'C-n': (chat) => chat.go.step(1),
  pageup: (chat) => chat.scroll('page-up'),
  pagedown: (chat) => chat.scroll('page-down'),
  'S-up': (chat) => chat.scroll(-1),
  'S-down': (chat) => chat.scroll(1),
  'C-end': (chat) => chat.scroll('end'),
  escape: (chat) => chat.escape(),
  'C-f': (chat) => chat.search.begin(),
  'M-r': (chat) => chat.reply(),
  'C-k': ({ choices }) => choices.everything(),
  'M-a': (chat) => chat.go.unread(),
  'M-u': ({ choices }) => choices.unread(),
  'M-m': ({ choices }) => void choices.mentions(),
  'M-y': (chat) => chat.answer(true),
  'M-n': (chat) => chat.answer(false),
  f1: (chat) => chat.display.openOverlay('help'),
  f2: (chat) => chat.display.setMouse(),
  f3: (chat) => chat.display.nextTheme(),
  f4: (chat) => chat.model.checklist.dismiss(),
  f5: (chat) => chat.display.toggleMembers(),
  f6: (chat) => chat.display.openOverlay('transfers'),
  'M-t': ({ choices }) => choices.threads(),
  f7: ({ plain }) => plain.open(),
  f8: ({ display }) => display.toggleSidebar(),
  'M-e': ({ outside }) => void outside.open(),
  'M-c': ({ plain }) => plain.choose(),
  'C-l': (chat) => chat.display.repaint(),
  'C-c': (chat) => chat.interrupt(),
};

const SEARCH: Keys<ChatActions> = {
  enter: (chat) => void chat.search.find(),
  up: (chat) => void chat.search.step(-1),
  down: (chat) => void chat.search.step(1),
  pageup: (chat) => chat.scroll('page-up'),
  pagedown: (chat) => chat.scroll('page-down'),
  escape: (chat) => chat.search.end(),
  'C-f': (chat) => chat.search.end(),
  'C-c': (chat) => chat.search.end(),
};

const close = (chat: ChatActions): void => chat.display.closeOverlay();

const OVERLAY: Keys<ChatActions> = {
  up: (chat) => chat.display.moveOverlay(-1, chat.view.overlayEnd),
  down: (chat) => chat.display.moveOverlay(1, chat.view.overlayEnd),
  pageup: (chat) => chat.display.moveOverlay(-10, chat.view.overlayEnd),
  pagedown: (chat) => chat.display.moveOverlay(10, chat.view.overlayEnd),
  escape: close,
  'C-c': close,
};

const HELP: Keys<ChatActions> = { ...OVERLAY, f1: close, enter: close };

const TRANSFERS: Keys<ChatActions> = { ...OVERLAY, f6: close, enter: (chat) => chat.onTransfer('open') };

const closeBare = ({ plain }: ChatActions): void => plain.close();

/** What letters do where they are not written. */
const LETTERS: Readonly<Record<'help' | 'transfers' | 'paste' | 'bare', Keys<ChatActions>>> = {
  bare: { q: closeBare, ' ': ({ plain }) => plain.page(1) },
  paste: { f: (chat) => chat.sendPasted() },
  help: { q: close, '?': close },
  transfers: {
    q: close,
    y: (chat) => chat.onTransfer('take'),
    n: (chat) => chat.onTransfer('refuse'),
    p: (chat) => chat.onTransfer('pause'),
    c: (chat) => chat.onTransfer('cancel'),
    o: (chat) => chat.onTransfer('play'),
  },
};

const PROMPT: Keys<ChatActions> = {
  enter: (chat) => chat.prompt.answer(true),
  escape: (chat) => chat.prompt.answer(false),
  'C-c': (chat) => chat.prompt.answer(false),
};

const isTooLong = ({ editor }: ChatActions): boolean => editor.pendingPaste?.tooLong === true;

/** What is too long for a message is lost by no key but Ctrl+C. */
const PASTE: Keys<ChatActions> = {
  enter: (chat) => (isTooLong(chat) ? chat.sendPasted() : chat.editor.keepPaste()),
  escape: (chat) => (isTooLong(chat) ? chat.editor.keepPaste() : chat.editor.dropPaste()),
  'C-c': ({ editor }) => editor.dropPaste(),
};

const PICK: Keys<ChatActions> = {
  enter: ({ picker }) => picker.choose(),
  tab: ({ picker }) => picker.move(1),
  'S-tab': ({ picker }) => picker.move(-1),
  up: ({ picker }) => picker.move(-1),
  down: ({ picker }) => picker.move(1),
  'C-p': ({ picker }) => picker.move(-1),
  'C-n': ({ picker }) => picker.move(1),
  pageup: ({ picker }) => picker.move(-10),
  pagedown: ({ picker }) => picker.move(10),
  escape: ({ picker }) => picker.close(),
  'C-k': ({ picker }) => picker.close(),
  'C-c': ({ picker }) => picker.close(),
};

const BARE: Keys<ChatActions> = {
  pageup: ({ plain }) => plain.page(1),
  pagedown: ({ plain }) => plain.page(-1),
  up: ({ plain }) => plain.page(1),
  down: ({ plain }) => plain.page(-1),
  escape: closeBare,
  enter: closeBare,
  f7: closeBare,
  'C-c': closeBare,
};

const MODES = {
  chat: CHAT,
  search: SEARCH,
  help: HELP,
  transfers: TRANSFERS,
  prompt: PROMPT,
  paste: PASTE,
  pick: PICK,
  bare: BARE,
};

const PLACE = /^M-([0-9])$/;

/** What the chat does with a key, where it isn't one for editing. */
function chatAction(name: string, chat: ChatActions): ((chat: ChatActions) => void) | undefined {
  if (chat.mode === 'chat') {
    const place = PLACE.exec(name)?.[1];
    if (place !== undefined) return () => chat.go.to(Number(place));
    if (name === 'end' && chat.editor.text === '') return () => chat.scroll('end');
  }
  return MODES[chat.mode][name];
}

/** Whether what is typed goes into an editor. */
const isWritten = (mode: ChatActions['mode']): mode is 'chat' | 'search' | 'prompt' | 'pick' =>
  mode !== 'help' && mode !== 'transfers' && mode !== 'paste' && mode !== 'bare';

function key(name: string, chat: ChatActions): void {
  const action = chatAction(name, chat);
  if (action) action(chat);
  else if (isWritten(chat.mode)) editKey(name, chat.activeEditor);
}

/** Does what a key means in any editor. */
export const editKey = (name: string, editor: Editor): void => EDITING[name]?.(editor);

const WHEEL_ROWS = 3;

function mouse({ action, x, y }: MouseInput, chat: ChatActions): void {
  if (action === 'wheelup' || action === 'wheeldown') {
    const by = action === 'wheelup' ? -WHEEL_ROWS : WHEEL_ROWS;
    if (chat.display.overlay)
      chat.display.moveOverlay(Math.sign(by) * (chat.mode === 'help' ? WHEEL_ROWS : 1), chat.view.overlayEnd);
    else chat.scroll(by);
    return;
  }
  const { sidebar } = chat.view.areas;
  if (action !== 'press' || chat.mode !== 'chat' || x >= sidebar.x + sidebar.width) return;
  const chosen = sidebarRows(chat.model, sidebar.height)[y - sidebar.y]?.conversation;
  if (chosen) void chat.open(chosen.id);
}

function text(typed: string, chat: ChatActions): void {
  const { mode } = chat;
  if (!isWritten(mode)) LETTERS[mode][typed]?.(chat);
  else if (mode === 'chat' && typed === '?' && chat.editor.text === '') chat.display.openOverlay('help');
  else chat.activeEditor.type(typed);
}

/** Does what a person asked for by one piece of input. */
export function chatKey(event: InputEvent, chat: ChatActions): void {
  switch (event.type) {
    case 'text':
      text(event.text, chat);
      break;
    case 'key':
      key(event.key, chat);
      break;
    case 'mouse':
      mouse(event, chat);
      break;
    case 'focus':
      chat.focus(event.focused);
      break;
    case 'paste':
      if (isWritten(chat.mode) || chat.mode === 'paste') chat.activeEditor.paste(event.text);
      else chat.display.say('Close this first (Esc), then paste');
      break;
    case 'paste-refused':
      chat.display.say(`${event.length.toLocaleString('en')} characters are too many to paste: /p2pfile sends a file`);
  }
}
