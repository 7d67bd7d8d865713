import { Failure } from '../../base/errors.js';
import { codeForm, type Form } from './form.js';

const TRIES = 3;

interface Waiting {
  answer(code: string): void;
  refuse(why: Failure): void;
}

/** The code of the second factor, asked for in the middle of a login which waits for it. */
export class CodeQuestion {
  #form = codeForm();
  #waiting: Waiting | undefined;
  #tries = 0;

  get form(): Form {
    return this.#form;
  }

  /** The login waits for an answer. */
  get open(): boolean {
    return this.#waiting !== undefined;
  }

  /** How many codes may still be tried. */
  get left(): number {
    return TRIES - this.#tries;
  }

  /** A login begins. */
  reset(): void {
    this.#tries = 0;
  }

  /** @throws why, after as many wrong codes as there are tries */
  ask(why: Failure): Promise<string> {
    if (why.code !== 'second-factor-needed') this.#tries++;
    if (this.left <= 0) return Promise.reject(why);
    this.#form = codeForm();
    return new Promise((answer, refuse) => {
      this.#waiting = { answer, refuse };
    });
  }

  answer(): void {
    const code = this.#form.value('code').trim();
    this.#take()?.answer(code);
  }

  giveUp(): void {
    this.#take()?.refuse(new Failure('code-not-given'));
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
