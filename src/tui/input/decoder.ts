import { controlKey, escapedKey, sequenceKey } from './keys.js';
import { type MouseInput, sgrMouse, x10Mouse } from './mouse.js';

/** What a terminal sends, cut into what a person did. */
export type InputEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'paste'; readonly text: string }
  /** A paste beyond all measure: none of it is taken. */
  | { readonly type: 'paste-refused'; readonly length: number }
  | { readonly type: 'focus'; readonly focused: boolean }
  /** What the terminal says of itself, whoever asked; never anything that was typed. */
  | { readonly type: 'answer'; readonly text: string }
  | MouseInput;

const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';
/** Code units of the longest paste that is taken, whole; and the longest sequence waited for. */
export const PASTE_CAP = 1 << 26;
const SEQUENCE_CAP = 64;

const TEXT = /^[^\x00-\x1f\x7f]+/;
const CSI = /^\x1b\[[0-?]*[ -/]*[@-~]/;
const CSI_BEGUN = /^\x1b\[(?:[0-?]*[ -/]*|\[)$/;
const BROKEN = /^\x1b(?:\[[0-?]*[ -/]*|O[0-9]*)/;
/** A terminal's late answer to what another program asked: OSC, DCS and kitty's APC, as they begin and end. */
const ANSWER = /^\x1b(?:\]\d{1,4};|P[\d;]{0,8}[$+>!|]|_G)[^\x07\x1b]*(?:\x07|\x1b\\)/;
const ANSWER_BEGUN =
  /^\x1b(?:\](?:\d{1,4}(?:;[^\x07\x1b]*\x1b?)?)?|P[\d;]{0,8}(?:[$+>!|][^\x07\x1b]*\x1b?)?|_(?:G[^\x07\x1b]*\x1b?)?)$/;
const ANSWER_CAP = 1_024;
/** Those that somebody may wait for, whole: XTVERSION and kitty's; the size of a cell (XTWINOPS) and DA1. */
const ANSWERED = /^\x1b(?:P>\||_G)[^\x07\x1b]*(?:\x07|\x1b\\)$/;
const ABOUT = /^\x1b\[(?:\?[\d;]+c|6;\d+;\d+t)$/;
const X10 = /^\x1b\[M.{3}/s;
const X10_BEGUN = /^\x1b\[M.{0,2}$/s;
const LINUX = /^\x1b\[\[[A-E]/;
const SS3 = /^\x1bO[0-9]*[A-Za-z]/;
const SS3_BEGUN = /^\x1bO[0-9]*$/;
const SGR_MOUSE = /^\x1b\[<(\d+);(\d+);(\d+)([Mm])$/;

/** An answer of which the end never came, if it is more than a key with Alt. */
function cutOff(rest: string): RegExpExecArray | null {
  return rest.length > 4 ? ANSWER_BEGUN.exec(rest) : null;
}

/**
 * Cuts terminal input into events, wherever its chunks were split. Pasted text is never keys; a sequence that isn't known
 * is swallowed whole, never typed. A lone Escape waits for `flush`, because it may begin a sequence.
 */
export class InputDecoder {
  #rest = '';
  #paste: string | undefined;
  /** Code units that were pasted, also of those that are not kept. */
  #pastedLength = 0;

  /** True while something has begun that the next chunk may complete: call `flush` if none comes soon. */
  get pending(): boolean {
    return this.#rest !== '' && this.#paste === undefined;
  }

  feed(chunk: string): InputEvent[] {
    this.#rest += chunk;
    return this.#drain(false);
  }

  /** Takes what is pending for what it is by itself: a lone Escape for the key. */
  flush(): InputEvent[] {
    return this.#paste === undefined ? this.#drain(true) : [];
  }

  #drain(final: boolean): InputEvent[] {
    const events: InputEvent[] = [];
    while (this.#rest !== '') {
      const length = this.#rest.length;
      const event = this.#paste === undefined ? this.#next(final) : this.#pasted();
      if (event !== undefined) events.push(event);
      else if (this.#rest.length === length) break;
    }
    return events;
  }

  #take(count: number): string {
    const taken = this.#rest.slice(0, count);
    this.#rest = this.#rest.slice(count);
    return taken;
  }

  /** Moves what is certainly inside the paste out of the rest; the event when its end is there. */
  #pasted(): InputEvent | undefined {
    const end = this.#rest.indexOf(PASTE_END);
    const inside = end === -1 ? Math.max(0, this.#rest.length - PASTE_END.length + 1) : end;
    this.#pastedLength += inside;
    const pasted = this.#take(inside);
    this.#paste = this.#pastedLength > PASTE_CAP ? '' : this.#paste + pasted;
    if (end === -1) return undefined;
    this.#take(PASTE_END.length);
    const text = this.#paste;
    const length = this.#pastedLength;
    this.#paste = undefined;
    return length > PASTE_CAP ? { type: 'paste-refused', length } : { type: 'paste', text };
  }

  #next(final: boolean): InputEvent | undefined {
    const text = TEXT.exec(this.#rest)?.[0];
    if (text !== undefined) return { type: 'text', text: this.#take(text.length) };
    if (this.#rest[0] !== '\x1b') return { type: 'key', key: controlKey(this.#take(1)) };
    if (!final && this.#incomplete()) return undefined;
    return this.#sequence();
  }

  #incomplete(): boolean {
    const rest = this.#rest.replace(/^\x1b(?=\x1b)/, '');
    if (rest.length <= ANSWER_CAP && ANSWER_BEGUN.test(rest)) return true;
    if (rest.length > SEQUENCE_CAP) return false;
    return rest === '\x1b' || SS3_BEGUN.test(rest) || CSI_BEGUN.test(rest) || X10_BEGUN.test(rest);
  }

  #sequence(): InputEvent | undefined {
    const x10 = X10.exec(this.#rest)?.[0];
    if (x10 !== undefined) return x10Mouse(this.#take(x10.length));
    const answer = (ANSWER.exec(this.#rest) ?? cutOff(this.#rest))?.[0];
    if (answer !== undefined) {
      this.#take(answer.length);
      return ANSWERED.test(answer) ? { type: 'answer', text: answer } : undefined;
    }
    const whole = (LINUX.exec(this.#rest) ?? CSI.exec(this.#rest) ?? SS3.exec(this.#rest))?.[0];
    if (whole === undefined) return this.#escaped();
    this.#take(whole.length);
    if (whole === PASTE_START) {
      this.#paste = '';
      this.#pastedLength = 0;
      return undefined;
    }
    if (whole === '\x1b[I' || whole === '\x1b[O') return { type: 'focus', focused: whole === '\x1b[I' };
    const mouse = SGR_MOUSE.exec(whole);
    if (mouse !== null) return sgrMouse(Number(mouse[1]), Number(mouse[2]), Number(mouse[3]), mouse[4] === 'M');
    if (ABOUT.test(whole)) return { type: 'answer', text: whole };
    const key = LINUX.test(whole) ? `f${whole.charCodeAt(3) - 64}` : sequenceKey(whole);
    return key === undefined ? undefined : { type: 'key', key };
  }

  /** Escape before a character is Alt with it; before a sequence, Alt with that; alone, itself. */
  #escaped(): InputEvent | undefined {
    const broken = BROKEN.exec(this.#rest)?.[0];
    if (broken !== undefined) {
      this.#take(broken.length);
      return broken.length === 2 ? { type: 'key', key: `M-${broken[1]}` } : undefined;
    }
    this.#take(1);
    if (this.#rest === '') return { type: 'key', key: 'escape' };
    if (this.#rest[0] === '\x1b') return this.#metaSequence();
    const character = String.fromCodePoint(this.#rest.codePointAt(0)!);
    this.#take(character.length);
    const key = escapedKey(character);
    return key === undefined ? undefined : { type: 'key', key };
  }

  #metaSequence(): InputEvent | undefined {
    if (this.#rest === '\x1b') return { type: 'key', key: 'escape' };
    const event = this.#sequence();
    if (event?.type !== 'key' || event.key.includes('M-')) return event;
    return { type: 'key', key: `M-${event.key}` };
  }
}
