import { Failure, toFailure } from '../../base/errors.js';
import { wantsAnotherName } from '../../peer/api/account.js';
import type { PeerApi } from '../../peer/api/peer.js';
import { parseUserName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import { failureText } from '../text/sentence.js';
import { CodeQuestion } from './code.js';
import type { Entrance, Strength } from './entrance.js';
import { byCodeForm, type Form, signInForm, signUpForm } from './form.js';

export type Stage = 'welcome' | 'signin' | 'signup' | 'bycode' | 'code';

/** What is said below the form: an error with its next step, or what goes on. */
export interface Says {
  readonly kind: 'error' | 'info';
  readonly text: string;
}

const TRIES = 3;

/**
 * Welcome, signing in and signing up, without a terminal: three tries with a wrong name or password, and with a wrong code
 * where there is a second factor; a block waits with its seconds counting down, a ban ends it. Time is an argument.
 */
export class SignInFlow {
  readonly #entrance: Entrance;
  readonly #changed: () => void;
  readonly #code = new CodeQuestion();
  #stage: Stage;
  #form: Form;
  #choice = 0;
  #says: Says | undefined;
  #strength: Strength | undefined;
  #busy = false;
  #failed = 0;
  #blockedUntil = 0;
  #outcome: { readonly peer: PeerApi } | { readonly failure: Failure } | undefined;

  /** @param changed something has changed without a key: a code is asked for */
  constructor(entrance: Entrance, changed: () => void = () => {}) {
    this.#entrance = entrance;
    this.#changed = changed;
    this.#stage = entrance.known ? 'signin' : 'welcome';
    this.#form = signInForm(entrance.directory, entrance.user);
  }

  get stage(): Stage {
    return this.#code.open ? 'code' : this.#stage;
  }

  get form(): Form {
    return this.#code.open ? this.#code.form : this.#form;
  }

  /** Which of the welcome's choices is marked. */
  get choice(): number {
    return this.#choice;
  }

  get busy(): boolean {
    return this.#busy && !this.#code.open;
  }

  /** The peer that runs now, or why there is none and won't be. */
  get outcome() {
    return this.#outcome;
  }

  /** Milliseconds since 1970 until which trying is of no use, or 0. */
  get blockedUntil(): number {
    return this.#blockedUntil;
  }

  says(now: number): Says | undefined {
    const left = Math.ceil((this.#blockedUntil - now) / 1_000);
    if (left > 0) return { kind: 'error', text: `Too many wrong tries for this name. Try again in ${left} s.` };
    return this.#says;
  }

  /** Of the password as it was judged last; undefined where there is none to judge. */
  get strength(): Strength | undefined {
    return this.#strength;
  }

  /** Judges the password as it is now. Resolves when `strength` is that of the newest one. */
  async judge(): Promise<void> {
    const password = this.#form.value('password');
    const wanted = this.#stage === 'signup' && password !== '';
    const strength = wanted ? await this.#entrance.strength(password, this.#form.value('user')) : undefined;
    if (this.#form.value('password') === password) this.#strength = strength;
  }

  /** What the welcome offers. */
  get choices(): readonly Choice[] {
    return WELCOME.filter(({ opens }) => opens !== 'bycode' || this.#entrance.byCode !== undefined);
  }

  choose(by: number): void {
    const { length } = this.choices;
    this.#choice = (this.#choice + by + length) % length;
  }

  /** Back to the welcome; from there, out. */
  back(): void {
    if (this.#code.open) this.#code.giveUp();
    if (this.#busy) return;
    if (this.#stage === 'welcome') this.leave();
    this.#stage = 'welcome';
    this.#says = undefined;
    this.#strength = undefined;
    this.#form.forget();
  }

  leave(): void {
    this.#outcome ??= { failure: new Failure('left') };
    this.#code.giveUp();
  }

  /** Enter: the next field, or what the form is for. Resolves when the answer is there. */
  async enter(now: () => number): Promise<void> {
    if (this.#code.open) this.#answerCode();
    if (this.#busy || this.#outcome) return;
    if (this.#stage === 'welcome') this.#open(this.choices[this.#choice]!.opens);
    else if (!this.#form.atLast) this.#next();
    else if (now() >= this.#blockedUntil && this.#complete()) await this.#submit(now);
  }

  #answerCode(): void {
    if (this.#code.form.value('code').trim() === '') return;
    this.#says = ONE_MOMENT;
    this.#code.answer();
  }

  /** Resolves when the person has typed it. */
  #askCode(why: Failure): Promise<string> {
    const answer = this.#code.ask(why);
    if (why.code === 'second-factor-needed') this.#says = { kind: 'info', text: CODE_WANTED };
    else this.#complain(cleanLine(failureText(why), 1_000) + triesLeft(this.#code.left));
    this.#changed();
    return answer;
  }

  #open(stage: Stage | undefined): void {
    if (stage === undefined) this.leave();
    else this.#stage = stage;
    const { directory, user } = this.#entrance;
    if (stage === 'bycode') this.#form = byCodeForm(directory);
    else this.#form = stage === 'signup' ? signUpForm(directory, user) : signInForm(directory, user);
    this.#says = stage === 'bycode' ? { kind: 'info', text: CODE_MADE } : undefined;
  }

  /** The field after the one that is filled in, or may be left empty. */
  #next(): void {
    const { active } = this.#form;
    if (active.editor.text !== '' || active.optional) this.#form.move(1);
  }

  #complete(): boolean {
    const empty = this.#form.fields.find(({ editor, optional }) => !optional && editor.text === '');
    if (empty === undefined) return true;
    this.#form.focus(empty.name);
    this.#complain(`${empty.label} is missing.`);
    return false;
  }

  #complain(text: string): void {
    this.#says = { kind: 'error', text };
  }

  /** What can be judged without asking the directory. */
  async #check(): Promise<void> {
    if (this.#stage === 'bycode') return;
    parseUserName(this.#form.value('user'));
    if (this.#stage !== 'signup') return;
    if (this.#form.value('password') !== this.#form.value('again')) {
      throw new Failure('passwords-differ');
    }
    await this.judge();
    if (this.#strength?.ok === false) {
      const why = this.#strength.reason || 'it would soon be guessed';
      throw new Failure('password-weak', `That password is too weak: ${why}.`);
    }
  }

  async #submit(now: () => number): Promise<void> {
    this.#says = ONE_MOMENT;
    this.#busy = true;
    this.#code.reset();
    try {
      await this.#check();
      this.#outcome = { peer: await this.#ask() };
      this.#form.forget();
    } catch (error) {
      this.#refused(toFailure(error), now());
    } finally {
      this.#busy = false;
    }
  }

  /** Whoever has no profile here may have no account either. */
  #newHere({ reason }: Failure): string {
    const fits = reason === 'credentials' && this.#stage === 'signin' && !this.#entrance.known;
    return fits ? ' New here? Esc, then Create an account.' : '';
  }

  #ask(): Promise<PeerApi> {
    const value = (name: Parameters<Form['value']>[0]): string => this.#form.value(name).trim();
    const directory = this.#entrance.directory ?? value('directory');
    if (this.#stage === 'bycode') return this.#entrance.byCode!({ code: value('words'), directory });
    const input = {
      directory,
      user: parseUserName(value('user')).name,
      password: this.#form.value('password'),
    };
    if (this.#stage === 'signin') return this.#entrance.signIn(input, (why) => this.#askCode(why));
    return this.#entrance.signUp({ ...input, ...(value('invite') !== '' && { invite: value('invite') }) });
  }

  #refused(failure: Failure, now: number): void {
    const { seconds } = failure.details;
    const waits = failure.reason === 'blocked' && typeof seconds === 'number';
    if (failure.reason === 'credentials') this.#failed += 1;
    if (waits) this.#blockedUntil = now + seconds * 1_000;
    const left = this.#code.left > 0 ? TRIES - this.#failed : 0;
    const tries = failure.reason === 'credentials' ? triesLeft(left) : '';
    this.#complain(cleanLine(failureText(failure), 1_000) + tries + this.#newHere(failure));
    const banned = failure.reason === 'blocked' && !waits;
    if (banned || (failure.reason === 'credentials' && left <= 0)) this.#outcome = { failure };
    if (failure.reason !== 'unreachable') this.#form.forget();
    this.#strength = undefined;
    if (this.#stage === 'bycode') this.#form.focus(OF_THE_DIRECTORY.includes(failure.code) ? 'directory' : 'words');
    else this.#form.focus(wantsAnotherName(failure) ? 'user' : 'password');
  }
}

/** What another answer to where the directory is may mend. */
const OF_THE_DIRECTORY: readonly string[] = ['directory-needed', 'directory-offline', 'link-invalid'];

const CODE_MADE =
  'On a device you have: /device add (or p2pchat device add). It shows a number and three words, and where the directory is.';
const ONE_MOMENT: Says = { kind: 'info', text: 'One moment…' };
const CODE_WANTED = 'The password is right. Now the six digits from your app, or a recovery code.';

const triesLeft = (left: number): string => (left <= 0 ? '' : ` ${left === 1 ? '1 try' : `${left} tries`} left.`);

interface Choice {
  readonly label: string;
  readonly about: string;
  readonly opens: Stage | undefined;
}

/** The choices of the welcome, in their order; the last one leaves. */
const WELCOME: readonly Choice[] = [
  { label: 'Create an account', about: 'You need a name and a password', opens: 'signup' },
  { label: 'Sign in', about: 'You have an account already', opens: 'signin' },
  { label: 'Add this device', about: 'By a code from a device you have', opens: 'bycode' },
  { label: 'Leave', about: '', opens: undefined },
];
