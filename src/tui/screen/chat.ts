import type { Cancel } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { PeerEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import { Editor } from '../editor/editor.js';
import type { InputEvent } from '../input/decoder.js';
import { HOME } from '../model/conversation.js';
import { ChatModel } from '../model/model.js';
import type { ChatInit } from './chat-init.js';
import { ChatView } from './chat-view.js';
import { Choices } from './choices.js';
import { completer } from './completer.js';
import { Desk } from './desk.js';
import { Display } from './display.js';
import { Frames } from './frames.js';
import { type ChatActions, chatKey, type TransferAction } from './keymap.js';
import { Loader } from './loader.js';
import { LocalActionRunner } from './local-action-runner.js';
import { LOCAL_COMMANDS, runLocal } from './local-commands.js';
import { Navigation } from './navigation.js';
import { Notifier } from './notifier.js';
import { Outgoing } from './outgoing.js';
import { OutsideEditor } from './outside-editor.js';
import { OWN_PAGE } from './own-page.js';
import { PastedText } from './pasted-text.js';
import { Picker } from './picker.js';
import { Plain } from './plain.js';
import { Previews } from './previews.js';
import { SecretPrompt } from './prompt.js';
import { Reply } from './reply.js';
import { Search } from './search.js';
import { TransferActions } from './transfer-actions.js';

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
  readonly view: ChatView;
  readonly #init: ChatInit;
  readonly #frames: Frames;
  readonly #loader: Loader;
  readonly #unsubscribe: () => void;
  readonly #outgoing: Outgoing;
  readonly #notifier: Notifier;
  readonly #actions: TransferActions;
  readonly #reply = new Reply();
  readonly #previews: Previews;
  readonly #pasted: PastedText;
  readonly #desk: Desk;
  readonly picker = new Picker();
  readonly choices: Choices;
  readonly plain: Plain;
  readonly outside: OutsideEditor;
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
      window: () => this.view.window,
      failed: (error) => this.model.fail(toFailure(error), clock.now()),
      changed: () => this.#frames.soon(),
    });
    this.prompt = new SecretPrompt(() => this.#frames.soon());
    this.#notifier = new Notifier(init);
    this.#previews = new Previews(this.model, init.preview, () => this.#frames.soon());
    const open = (id: string): void => void this.open(id);
    this.view = new ChatView(init, {
      ...{ model: this.model, editor: this.editor, search: this.search, display: this.display, picker: this.picker },
      ...{ prompt: this.prompt, reply: this.#reply, commands },
    });
    this.go = new Navigation({ model: this.model, open, say: (text) => this.display.say(text) });
    const { model, display } = this;
    const help = (): void => {
      display.openOverlay('help');
      display.moveOverlay(this.view.commandsRow, this.view.overlayEnd);
    };
    const failed = (error: unknown): void => this.model.fail(toFailure(error), clock.now());
    const changed = (): void => this.#frames.soon();
    this.#desk = new Desk({ notes: peer.notes, model, clock, written: () => this.editor.text, failed });
    this.choices = new Choices({
      ...{ peer, model, commands, picker: this.picker, open, failed, changed },
      jump: (id, message) => void this.#jump(id, message),
      write: (command) => this.#write(command),
    });
    this.plain = new Plain({ model, terminal, display, picker: this.picker });
    this.outside = new OutsideEditor({ ...{ terminal, model, clock, changed }, editor: this.editor, edit: init.edit });
    this.#outgoing = this.#makeOutgoing(open, help);
    this.#actions = new TransferActions({
      model: this.model,
      command: (line) => this.#outgoing.submit(line),
      open,
      say: (text) => this.display.say(text),
    });
    const giveBack = (text: string): void => this.editor.type(text);
    this.#pasted = new PastedText({ ...{ peer, model, clock, files: init.pasted }, giveBack, changed });
    this.done = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#unsubscribe = peer.subscribe((event) => this.#event(event));
    terminal.onInput((event) => this.#input(event));
    terminal.onResize(() => {
      this.plain.refresh();
      this.#frames.now();
    });
    void peer.ended.then(() => this.#end(this.#said));
  }

  /** What is typed goes out by it: to people, or to a command. */
  #makeOutgoing(open: (id: string) => void, help: () => void): Outgoing {
    const { model, display, go, choices, plain } = this;
    const { peer, clock } = this.#init;
    const changed = (): void => this.#frames.soon();
    const actions = new LocalActionRunner({
      ...{ ...this.#init, model, display, go, open, help, choices, plain },
      leave: () => this.leave(),
    });
    return new Outgoing({
      peer,
      commands: this.#init.commands,
      model,
      clock,
      local: (line) => runLocal(line, actions),
      open,
      secret: (label) => this.prompt.ask(label),
      ask: (label, beside) => this.prompt.ask(label, beside),
      replyTo: () => this.#reply.take(),
      ran: () => model.setMuted(peer.preferences.get().muted),
      changed,
    });
  }

  get commands() {
    return [...this.#init.commands.list, ...LOCAL_COMMANDS];
  }

  /** Paints at once, then loads what there is; resolves when the first conversation is on the screen. */
  async start(): Promise<void> {
    this.#frames.now();
    const { open, greeting = [], clock } = this.#init;
    this.model.notice(OWN_PAGE.join('\n'), clock.now());
    await this.#desk.load();
    await this.#loader.start(open);
    this.editor.set(this.model.current.draft);
    this.model.current.draft = '';
    void this.#loader.groups().then(() => this.#enterRoom());
    if (greeting.length > 0) this.model.notice(greeting.join('\n'), clock.now());
    const early = this.#early;
    this.#early = undefined;
    for (const event of early ?? []) this.#input(event);
    this.#frames.now();
  }

  /** Stops listening and painting, and keeps what was written; the terminal and the peer are the caller's to close. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#frames.close();
    this.display.close();
    this.#tick();
    this.prompt.answer(false);
    await this.#desk.keep();
  }

  #paint(): void {
    // What somebody selects with the mouse must stand still.
    if (this.plain.shown) return;
    const { above } = this.view.paint();
    if (above < READ_AHEAD) this.#loader.older(this.model.current);
    this.#loader.markRead(this.model.current);
    if (this.view.pictures) this.#previews.want(this.model.current);
    this.#tick();
    if (this.model.retryAt !== undefined) this.#tick = this.#init.clock.after(1_000, () => this.#frames.soon());
  }

  #event(event: PeerEvent): void {
    const { clock } = this.#init;
    if (event.event === 'error') this.#said = cleanLine(`${event.message} ${event.hint}`, 1_000);
    this.#pasted.told(event);
    this.#desk.touched();
    for (const effect of this.model.apply(event, clock.now())) {
      if (effect.type === 'notify') this.#notifier.notify(event, effect.conversation);
      else if (effect.type === 'members') this.#membersChanged(effect.conversation);
      else if (effect.type === 'pins') void this.#loader.pins(effect.conversation);
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
    this.#desk.touched();
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
    if (this.plain.shown) return 'bare';
    if (this.picker.editor) return 'pick';
    if (this.editor.pendingPaste) return 'paste';
    return this.search.state ? 'search' : 'chat';
  }

  get activeEditor(): Editor {
    return this.prompt.question?.editor ?? this.picker.editor ?? this.search.state?.editor ?? this.editor;
  }

  focus(focused: boolean): void {
    this.model.setFocused(focused);
  }

  submit(): void {
    this.#leaving = false;
    if (this.editor.isTooLong && !this.editor.text.startsWith('/')) this.editor.askAboutLength();
    else {
      void this.#outgoing.submit(this.editor.submit());
      void this.#desk.keep();
    }
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
    this.#actions.answer(take);
  }

  onTransfer(action: TransferAction): void {
    const at = this.display.overlay?.at ?? 0;
    if (action === 'open') this.display.closeOverlay();
    this.#actions.perform(action, Array.from(this.model.transfers.list).reverse()[at]);
  }

  /** Opens a conversation, keeping what was being written in the one before. */
  async open(id: string): Promise<void> {
    this.model.current.draft = this.editor.text;
    if (this.editor.text !== '' && this.model.selected !== HOME) this.#init.peer.typing(this.model.selected, false);
    this.#reply.take();
    this.#opened = true;
    const opened = this.model.conversation(id);
    this.editor.wipe();
    this.editor.set(opened.draft);
    opened.draft = '';
    this.search.close();
    this.#frames.soon();
    await this.#loader.open(id);
  }

  async #jump(id: string, message: string): Promise<void> {
    await this.open(id);
    const { current } = this.model;
    await this.#loader.until(current, message);
    const { height, style } = this.view.window;
    current.view.show(message, height, style);
    this.#frames.soon();
  }

  /** The beginning of a command, in an empty line. */
  #write(command: string): void {
    if (this.editor.text === '') this.editor.set(command);
    else this.display.say('Something is written in the line already: send it or empty it first (Ctrl+C)');
  }

  scroll(by: number | 'page-up' | 'page-down' | 'end'): void {
    const { view } = this.model.current;
    const { height, style } = this.view.window;
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
