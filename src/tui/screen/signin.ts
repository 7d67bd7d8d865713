import type { Cancel, Clock } from '../../base/clock.js';
import type { InputEvent } from '../input/decoder.js';
import { paintSignIn } from '../paint/signin.js';
import type { Theme } from '../paint/theme.js';
import type { Entrance } from '../signin/entrance.js';
import { SignInFlow } from '../signin/flow.js';
import { Frames } from './frames.js';
import { editKey } from './keymap.js';
import type { TerminalPort } from './port.js';

export interface SignInInit {
  readonly entrance: Entrance;
  readonly terminal: TerminalPort;
  readonly clock: Clock;
  readonly theme: Theme;
}

type Outcome = NonNullable<SignInFlow['outcome']>;

/** Welcome, sign-in and sign-up on a terminal, until there is a peer or a reason why there is none. */
export class SignInScreen {
  readonly #init: SignInInit;
  readonly #flow: SignInFlow;
  readonly #frames: Frames;
  #tick: Cancel = () => {};
  #end: (outcome: Outcome) => void = () => {};
  readonly done: Promise<Outcome>;

  constructor(init: SignInInit) {
    this.#init = init;
    this.#frames = new Frames(init.clock, () => this.#paint());
    this.#flow = new SignInFlow(init.entrance, () => this.#frames.soon());
    this.done = new Promise((resolve) => {
      this.#end = resolve;
    });
    init.terminal.onInput((event) => this.#input(event));
    init.terminal.onResize(() => this.#frames.now());
    this.#frames.now();
  }

  close(): void {
    this.#tick();
    this.#frames.close();
  }

  #paint(): void {
    const { terminal, clock, theme, entrance } = this.#init;
    const now = clock.now();
    terminal.paint(paintSignIn(this.#flow, entrance.directory, terminal.width, terminal.height, now), theme);
    this.#tick();
    if (this.#flow.blockedUntil > now) this.#tick = clock.after(1_000, () => this.#frames.soon());
    if (this.#flow.outcome) this.#end(this.#flow.outcome);
  }

  #input(event: InputEvent): void {
    if (event.type === 'key') this.#key(event.key);
    if (event.type === 'text') this.#write((editor) => editor.type(event.text));
    if (event.type === 'paste') this.#write((editor) => editor.paste(event.text));
    this.#frames.promptly();
    if (this.#flow.stage === 'signup') void this.#flow.judge().then(() => this.#frames.soon());
  }

  #write(write: (editor: SignInFlow['form']['active']['editor']) => void): void {
    if (this.#flow.stage !== 'welcome' && !this.#flow.busy) write(this.#flow.form.active.editor);
  }

  #key(key: string): void {
    const flow = this.#flow;
    const by = key === 'up' || key === 'S-tab' ? -1 : key === 'down' || key === 'tab' ? 1 : 0;
    if (key === 'C-c') flow.leave();
    else if (key === 'escape') flow.back();
    else if (key === 'enter') void flow.enter(() => this.#init.clock.now()).then(() => this.#frames.soon());
    else if (by !== 0 && flow.stage === 'welcome') flow.choose(by);
    else if (by !== 0) flow.form.move(by);
    else this.#write((editor) => editKey(key, editor));
  }
}
