import type { Cancel } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { PeerEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import { Editor } from '../editor/editor.js';
import type { InputEvent } from '../input/decoder.js';
import type { ViewStyle } from '../log/view.js';
import { HOME } from '../model/conversation.js';
import { ChatModel } from '../model/model.js';
import { chatAreas, paintChat } from '../paint/chat.js';
import { commandsRow, helpEnd } from '../paint/help.js';
import { viewStyle } from '../paint/log.js';
import type { ChatScene } from '../paint/scene.js';
import { chooseTheme, hasPictures } from '../paint/theme.js';
import type { ChatInit } from './chat-init.js';
import { completer } from './completer.js';
import { Display } from './display.js';
import { Frames } from './frames.js';
import { type ChatActions, chatKey, type TransferDeed } from './keymap.js';
import { Loader } from './loader.js';
import { LOCAL_COMMANDS, runLocal } from './local-commands.js';
import { LocalDeeds } from './local-deeds.js';
import { Navigation } from './navigation.js';
import { Notifier } from './notifier.js';
import { Outgoing } from './outgoing.js';
import { PastedText } from './pasted-text.js';
import { Previews } from './previews.js';
import { SecretPrompt } from './prompt.js';
import { Reply } from './reply.js';
import { Search } from './search.js';
import { TransferDeeds } from './transfer-deeds.js';

/** What stands on the program's own page. */
const OWN_PAGE = [
  'Nobody reads this page: it is for what concerns no conversation.',
  '/rooms lists the open groups, /activeuser who is here; /msgto USER TEXT writes to someone.',
  '? on an empty line lists keys and commands.',
];

/** With fewer messages than this above what is in sight, older ones are fetched: reading back never waits. */
const READ_AHEAD = 200;

/** The chat on a terminal: input to the peer, the peer's events to the screen. Ends by `done`. */
export class ChatScreen implements ChatActions {
  readonly model: ChatModel;
  readonly editor: Editor;
  readonly display: Display;
  readonly search: Search;
  readonly prompt: SecretPrompt;
  readonly go: Navigation;
  readonly #init: ChatInit;
  readonly #frames: Frames;
  readonly #loader: Loader;
  readonly #unsubscribe: () => void;
  readonly #outgoing: Outgoing;
  readonly #notifier: Notifier;
  readonly #deeds: TransferDeeds;
  readonly #reply = new Reply();
  readonly #previews: Previews;
  readonly #pasted: PastedText;
  #tick: Cancel = () => {};
  #leaving = false;
  /** The person has chosen a conversation. */
  #opened = false;
  /** What was typed before there was a conversation that it could go to. */
  #early: InputEvent[] | undefined = [];
  #end: (said?: string) => void = () => {};
  #said: string | undefined;
  /** Resolves when the person leaves; or when the peer has ended, with the last error it told of. */
  readonly done: Promise<string | undefined>;

  constructor(init: ChatInit) {
    this.#init = init;
    const { peer, terminal, clock } = init;
    this.model = new ChatModel(peer.user, peer.directoryState, init.checklist);
    const commands = this.commands;
    this.editor = new Editor({ completer: completer({ model: this.model, commands, listFolder: init.listFolder }) });
    this.#frames = new Frames(clock, () => this.#paint());
    this.display = new Display(init, () => this.#frames.soon());
    this.#loader = new Loader(peer, this.model, clock, () => this.#frames.soon());
    this.search = new Search(peer, this.#loader, {
      conversation: () => this.model.current,
      window: () => this.#window,
      failed: (error) => this.model.fail(toFailure(error), clock.now()),
      changed: () => this.#frames.soon(),
    });
    this.prompt = new SecretPrompt(() => this.#frames.soon());
    this.#notifier = new Notifier(init);
    this.#previews = new Previews(this.model, init.preview, () => this.#frames.soon());
    const open = (id: string): void => this.open(id);
    this.go = new Navigation({ model: this.model, open, say: (text) => this.display.say(text) });
    const { model, display, go } = this;
    const help = (): void => {
      display.openOverlay('help');
      display.moveOverlay(commandsRow(this.#scene(), init.terminal.width), this.overlayEnd);
    };
    const deeds = new LocalDeeds({ ...init, model, display, go, open, help, leave: () => this.leave() });
    this.#outgoing = new Outgoing({
      peer,
      commands: init.commands,
      model: this.model,
      clock,
      local: (line) => runLocal(line, deeds),
      open,
      secret: (label) => this.prompt.ask(label),
      ask: (label, beside) => this.prompt.ask(label, beside),
      replyTo: () => this.#reply.take(),
      ran: () => this.model.setMuted(peer.preferences.get().muted),
      changed: () => this.#frames.soon(),
    });
    this.#deeds = new TransferDeeds({
      model: this.model,
      command: (line) => this.#outgoing.submit(line),
      open,
      say: (text) => this.display.say(text),
    });
    this.#pasted = new PastedText({
      ...{ peer, model, clock, files: init.pasted },
      giveBack: (text) => this.editor.type(text),
      changed: () => this.#frames.soon(),
    });
    this.done = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#unsubscribe = peer.subscribe((event) => this.#event(event));
    terminal.onInput((event) => this.#input(event));
    terminal.onResize(() => this.#frames.now());
    void peer.ended.then(() => this.#end(this.#said));
  }

  get commands() {
    return [...this.#init.commands.list, ...LOCAL_COMMANDS];
  }

  /** Paints at once, then loads what there is; resolves when the first conversation is on the screen. */
  async start(): Promise<void> {
    this.#frames.now();
    const { open, greeting = [], clock } = this.#init;
    this.model.notice(OWN_PAGE.join('\n'), clock.now());
    await this.#loader.start(open);
    void this.#loader.groups().then(() => this.#enterRoom());
    if (greeting.length > 0) this.model.notice(greeting.join('\n'), clock.now());
    const early = this.#early;
    this.#early = undefined;
    for (const event of early ?? []) this.#input(event);
    this.#frames.now();
  }

  /** Stops listening and painting; the terminal and the peer are the caller's to close. */
  close(): void {
    this.#unsubscribe();
    this.#frames.close();
    this.display.close();
    this.#tick();
    this.prompt.answer(false);
  }

  #scene(): ChatScene {
    return {
      model: this.model,
      editor: this.editor,
      search: this.search.state,
      overlay: this.display.overlay,
      members: this.display.members,
      commands: this.commands,
      prompt: this.prompt.question,
      reply: this.#reply.quote,
      flash: this.display.flash,
      home: this.#init.home,
      pictures: this.#pictures,
      bidi: this.#init.bidi,
      now: this.#init.clock.now(),
    };
  }

  /** Wanted, and in a theme that has colours. */
  get #pictures(): boolean {
    const { settings, env } = this.#init;
    return settings.get('previews') && hasPictures(this.display.theme, env);
  }

  #paint(): void {
    const { terminal, env } = this.#init;
    const { grid, above } = paintChat(this.#scene(), terminal.width, terminal.height);
    terminal.paint(grid, chooseTheme(this.display.theme, env));
    if (above < READ_AHEAD) this.#loader.older(this.model.current);
    this.#loader.markRead(this.model.current);
    if (this.#pictures) this.#previews.want(this.model.current);
    this.#tick();
    if (this.model.retryAt !== undefined) this.#tick = this.#init.clock.after(1_000, () => this.#frames.soon());
  }

  #event(event: PeerEvent): void {
    const { clock } = this.#init;
    if (event.event === 'error') this.#said = cleanLine(`${event.message} ${event.hint}`, 1_000);
    this.#pasted.told(event);
    for (const effect of this.model.apply(event, clock.now())) {
      if (effect.type === 'notify') this.#notifier.notify(event, effect.conversation);
      else if (effect.type === 'members') this.#membersChanged(effect.conversation);
      else void this.#loader.refresh(this.model.conversation(effect.conversation));
    }
    this.#frames.soon();
  }

  /** Whoever has nothing open yet begins in a room. */
  #enterRoom(): void {
    if (!this.#opened && this.model.selected === HOME && this.editor.text === '') this.go.room();
  }

  /** What the event says may not be all: a group's kind, or who else came at the same time. */
  #membersChanged(id: string): void {
    if (id === this.model.selected) void this.#loader.members(id);
    if (this.model.groups.get(id)?.state !== 'member') void this.#loader.groups();
    else this.#enterRoom();
  }

  #input(event: InputEvent): void {
    if (this.#early) {
      this.#early.push(event);
      return;
    }
    const before = this.editor.text;
    chatKey(event, this);
    if (this.editor.text !== before) this.#typing();
    this.#frames.promptly();
  }

  /** The others see that something is being written to them; commands are nobody's business. */
  #typing(): void {
    const { text } = this.editor;
    if (this.model.selected !== HOME) this.#init.peer.typing(this.model.selected, text !== '' && !text.startsWith('/'));
  }

  // --- What keys do ---

  get mode(): ChatActions['mode'] {
    if (this.prompt.question) return 'prompt';
    if (this.display.overlay) return this.display.overlay.kind;
    if (this.editor.pendingPaste) return 'paste';
    return this.search.state ? 'search' : 'chat';
  }

  get activeEditor(): Editor {
    return this.prompt.question?.editor ?? this.search.state?.editor ?? this.editor;
  }

  focus(focused: boolean): void {
    this.model.setFocused(focused);
  }

  /** The window on the open conversation's log. */
  get #window(): { readonly height: number; readonly style: ViewStyle } {
    const { log } = this.areas;
    return { height: log.height, style: viewStyle(this.#scene(), log.width) };
  }

  get overlayEnd(): number {
    if (this.display.overlay?.kind === 'transfers') return Math.max(0, this.model.transfers.list.length - 1);
    const { width, height } = this.#init.terminal;
    return helpEnd(this.#scene(), width, height);
  }

  /** Where everything stands at the moment, in cells. */
  get areas() {
    return chatAreas(this.#scene(), this.#init.terminal.width, this.#init.terminal.height);
  }

  submit(): void {
    this.#leaving = false;
    if (this.editor.isTooLong && !this.editor.text.startsWith('/')) this.editor.askAboutLength();
    else void this.#outgoing.submit(this.editor.submit());
  }

  sendPasted(): void {
    if (this.model.selected === HOME) {
      this.display.say('Open the conversation it is for, then paste it there');
      this.editor.keepPaste();
    } else void this.#pasted.send(this.model.selected, this.editor.takePaste());
  }

  reply(): void {
    if (!this.#reply.older(this.model.current)) this.display.say('There is no message to reply to');
  }

  escape(): void {
    if (this.#reply.active) this.#reply.take();
    else this.scroll('end');
  }

  answer(take: boolean): void {
    this.#deeds.answer(take);
  }

  onTransfer(deed: TransferDeed): void {
    const at = this.display.overlay?.at ?? 0;
    if (deed === 'open') this.display.closeOverlay();
    this.#deeds.perform(deed, Array.from(this.model.transfers.list).reverse()[at]);
  }

  /** Opens a conversation, keeping what was being written in the one before. */
  open(id: string): void {
    this.model.current.draft = this.editor.text;
    if (this.editor.text !== '' && this.model.selected !== HOME) this.#init.peer.typing(this.model.selected, false);
    this.#reply.take();
    this.#opened = true;
    const opened = this.model.conversation(id);
    this.editor.wipe();
    this.editor.set(opened.draft);
    opened.draft = '';
    this.search.close();
    void this.#loader.open(id);
    this.#frames.soon();
  }

  scroll(by: number | 'page-up' | 'page-down' | 'end'): void {
    const { view } = this.model.current;
    const { height, style } = this.#window;
    const page = Math.max(1, height - 2);
    if (by === 'end') view.toEnd();
    else view.scroll(by === 'page-up' ? -page : by === 'page-down' ? page : by, height, style);
    if (view.following) this.model.setFocused(this.model.focused);
  }

  /** Empties the line; on an empty one, leaves when asked twice. */
  interrupt(): void {
    const empty = this.editor.text === '';
    if (empty && this.#leaving) this.leave();
    else if (empty) this.display.say('Press Ctrl+C again to leave');
    else this.editor.set('');
    this.#leaving = empty;
  }

  leave(): void {
    this.#end();
  }
}
