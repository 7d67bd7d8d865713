import type { Clock } from '../../base/clock.js';

/** Ways to show pixels: kitty's graphics protocol, iTerm2's inline images, DEC's sixels. */
export const GRAPHICS = ['kitty', 'iterm2', 'sixel'] as const;
export type Graphics = (typeof GRAPHICS)[number];

/** What a person wants: what the terminal has (`on`), half blocks, one way whatever the terminal says, or nothing. */
export const PICTURES = ['on', 'off', 'blocks', ...GRAPHICS] as const;
export type PictureChoice = (typeof PICTURES)[number];

export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Its name and version (XTVERSION), the size of a cell in pixels (XTWINOPS 16), and last what it is (DA1): every terminal
 * answers that, in order, so that what has not been answered by then is not there.
 */
const QUESTIONS = '\x1b[>q\x1b[16t\x1b[c';
/**
 * Whether it knows kitty's protocol. It is asked only of terminals that say their names: some of the others print what they
 * don't know.
 */
const KITTY_QUESTION = '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\';
const WAIT_MS = 5_000;

const NAME = /^\x1bP>\|([\x20-\x7e]{1,64})(?:\x07|\x1b\\)$/;
const CELL = /^\x1b\[6;(\d{1,3});(\d{1,3})t$/;
const DEVICE = /^\x1b\[\?([\d;]{1,48})c$/;
const KITTY = /^\x1b_Gi=31;OK\x1b\\$/;

const WITH_INLINE_IMAGES = /^(?:iTerm2|WezTerm|mintty)\b/i;
/** They take it for themselves, or let it pass to a terminal that doesn't know where their windows are. */
const MULTIPLEXER = /^(?:tmux|screen|zellij)\b/i;
/** Of a cell that makes sense. */
const CELL_MOST = 100;
const SIXEL = '4';

/**
 * What the terminal at the other end can show, as it says itself: over ssh and in tmux the environment tells of another one.
 * Nothing is waited for; what comes later than some seconds after the question is an answer to somebody else's.
 */
export class Capabilities {
  readonly #clock: Clock;
  readonly #write: (text: string) => void;
  #askedAt: number | undefined;
  #name = '';
  #kitty = false;
  #sixel = false;
  #cell: CellSize | undefined;

  constructor(clock: Clock, write: (text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  get cell(): CellSize | undefined {
    return this.#cell;
  }

  get best(): Graphics | undefined {
    if (this.#kitty) return 'kitty';
    if (WITH_INLINE_IMAGES.test(this.#name)) return 'iterm2';
    return this.#sixel && this.#cell ? 'sixel' : undefined;
  }

  /** Once, when there is something to show. */
  ask(): void {
    if (this.#askedAt !== undefined) return;
    this.#askedAt = this.#clock.monotonic();
    this.#write(QUESTIONS);
  }

  /** @returns whether anything is known now that was not */
  heard(answer: string): boolean {
    if (this.#askedAt === undefined || this.#clock.monotonic() - this.#askedAt > WAIT_MS) return false;
    const before = this.best;
    const [, name] = NAME.exec(answer) ?? [];
    const [, height, width] = CELL.exec(answer) ?? [];
    const [, attributes] = DEVICE.exec(answer) ?? [];
    if (name !== undefined) this.#name = name;
    else if (width !== undefined) this.#measured(Number(width), Number(height));
    else if (attributes !== undefined) this.#is(attributes.split(';'));
    else if (KITTY.test(answer)) this.#kitty = true;
    return this.best !== before;
  }

  #measured(width: number, height: number): void {
    if (width > 0 && height > 0 && width <= CELL_MOST && height <= CELL_MOST) this.#cell = { width, height };
  }

  #is([, ...attributes]: readonly string[]): void {
    this.#sixel = attributes.includes(SIXEL);
    if (this.#name !== '' && !MULTIPLEXER.test(this.#name)) this.#write(KITTY_QUESTION);
  }
}
