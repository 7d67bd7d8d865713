import { hasCode } from '../base/errors.js';
import type { PeerApi, Whoami } from '../peer/api/peer.js';
import type { Role } from '../wire/directory.js';
import type { Parameters, Values } from './parameter.js';

/**
 * A command is defined once and is there on every face: as a slash command, a shell subcommand and an RPC method. This is
 * its definition; commands.ts lists them.
 */

/** What somebody at a screen is asked, so that the command goes on at once. */
export interface Question {
  readonly about: string;
  /** Shown beside it as long as it stands, and not kept. */
  readonly qr: readonly string[];
  readonly lines: readonly string[];
  /** The arguments of the run that the answer is for. */
  args(answer: string): Readonly<Record<string, unknown>>;
}

/** What a command says: one JSON object a line for programs. Each command renders its own objects for people. */
export type Item = Readonly<Record<string, unknown>>;

/** What a face knows besides the arguments. */
export interface Context {
  /** The conversation plain text goes to; commands that open one set it. */
  current?: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** The person's role, where it is known. */
  readonly role?: Role;
  readonly face: Face;
  /** What the face itself can do besides, for the help. */
  readonly beside?: readonly { readonly usage: string; readonly about: string }[];
  /** The table, for commands about commands. */
  readonly commands: readonly Command[];
}

export type Face = 'slash' | 'shell' | 'rpc';

export interface Command {
  /** The name in RPC; words of the shell command are joined by a space. */
  readonly name: string;
  /** `msgto` for `/msgto`; absent where the command is not for the chat. */
  readonly slash?: string;
  /** What else it is called, in the chat and the shell: what those say who come from other tools. */
  readonly aliases: readonly string[];
  /** False where the command is not for the shell. */
  readonly shell: boolean;
  readonly parameters: Parameters;
  /** What the slash form takes, in order: the names of parameters, and how its usage calls them. */
  readonly slashTakes: Readonly<Record<string, string>>;
  /** The least role that may use it. The directory decides in the end; this spares the question. */
  readonly least: Role;
  /** One sentence. */
  readonly about: string;
  /** Words after the command's name, for the help of either form. */
  readonly examples: { readonly slash?: string; readonly shell?: string };
  /** What is said for people where it has nothing to tell. */
  readonly empty?: string;
  /** What the profile alone can answer, without a password and without a session. */
  readonly fromProfile?: (me: Whoami) => Item;
  /** It sends or takes files. */
  readonly transfers?: true;
  run(peer: PeerApi, args: Readonly<Record<string, unknown>>, context: Context): AsyncIterable<Item>;
  lines(item: Item, context: Context): readonly string[];
  /** On a screen, in place of the item's lines: what is to be answered next. */
  asks(item: Item): Question | undefined;
  /** What takes the place of the line before it while this goes on; undefined for what is said for good. */
  progress(item: Item, context: Context): readonly ProgressPart[] | undefined;
}

/** A piece of a line which says how something goes on. Where there is no room, the highest rank goes, or is shortened, first. */
export interface ProgressPart {
  readonly text: string;
  readonly short?: string;
  readonly rank: number;
}

interface CommandInit<P extends Parameters, I extends object> {
  readonly name: string;
  readonly slash?: string;
  readonly aliases?: readonly string[];
  readonly shell?: boolean;
  readonly parameters: P;
  /** Where the slash form takes less, or calls it otherwise. */
  readonly slashTakes?: { readonly [K in keyof P & string]?: string };
  readonly least?: Role;
  readonly about: string;
  readonly examples: { readonly slash?: string; readonly shell?: string };
  readonly empty?: string;
  readonly fromProfile?: (me: Whoami) => Item;
  readonly transfers?: true;
  run(peer: PeerApi, args: Values<P>, context: Context): AsyncIterable<I>;
  lines(item: I, context: Context): readonly string[];
  asks?(item: I): Question | undefined;
  progress?(item: I, context: Context): readonly ProgressPart[] | undefined;
}

const labels = (parameters: Parameters): Record<string, string> =>
  Object.fromEntries(Object.keys(parameters).map((name) => [name, name.toUpperCase()]));

/** A refusal, or a wrong clock, is no absence: what a command needs the directory for fails by the true reason. */
async function* truly<T>(peer: PeerApi, items: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* items;
  } catch (error) {
    throw hasCode(error, 'directory-offline') && peer.trouble !== undefined ? peer.trouble : error;
  }
}

/** Types the handler by its parameters; `bind` is what makes sure that arguments are of these types. */
export function define<const P extends Parameters, I extends object>(init: CommandInit<P, I>): Command {
  return {
    aliases: [],
    shell: true,
    least: 'beginner',
    ...init,
    slashTakes: (init.slashTakes as Record<string, string> | undefined) ?? labels(init.parameters),
    run: (peer, args, context) => truly(peer, init.run(peer, args as Values<P>, context) as AsyncIterable<I & Item>),
    lines: (item, context) => init.lines(item as I, context),
    asks: (item) => init.asks?.(item as I),
    progress: (item, context) => init.progress?.(item as I, context),
  };
}
