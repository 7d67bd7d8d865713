import type { ReadStream, WriteStream } from 'node:tty';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Command } from '../../commands/command.js';
import type { PeerApi } from '../../peer/api/peer.js';
import { Checklist, type ChecklistState, STEPS, type Step } from '../model/checklist.js';
import { chooseTheme } from '../paint/theme.js';
import type { Entrance } from '../signin/entrance.js';
import { type BidiChoice, bidiMode } from './bidi-mode.js';
import { ChatScreen } from './chat.js';
import type { ListFolder } from './completer.js';
import { guardTerminal } from './guard.js';
import type { NotifierInit } from './notifier.js';
import type { EditText } from './outside-editor.js';
import type { PastedFiles } from './pasted-text.js';
import type { ScreenEnd } from './port.js';
import type { PreviewMaker } from './previews.js';
import type { Settings } from './settings.js';
import { SignInScreen } from './signin.js';
import { tableRunner } from './table-runner.js';
import { Terminal } from './terminal.js';

export interface ScreenInit {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** A peer that runs already, or the way to one. */
  readonly start: { readonly peer: PeerApi } | { readonly entrance: Entrance };
  /** The peer's table of commands. */
  readonly commands: readonly Command[];
  readonly listFolder: ListFolder;
  /** What a person set before, once it is known whose profile it is. @param home the profile's folder */
  readonly settings: (home: string) => Settings;
  /** Where pasted text waits while it is sent as a file. @param home the profile's folder */
  readonly pasted: (home: string) => PastedFiles;
  /** The person's own editor. @param home the profile's folder */
  readonly edit: (home: string) => EditText;
  readonly bidi: BidiChoice;
  readonly desktop?: NotifierInit['desktop'];
  readonly preview?: PreviewMaker;
  /** The conversation to open where nothing was said yet, such as the echo bot's. */
  readonly open?: string;
  /** Lines to greet with, such as the one that invites the next person. */
  readonly greeting?: (peer: PeerApi) => readonly string[];
}

async function signIn(init: ScreenInit, terminal: Terminal, entrance: Entrance): Promise<PeerApi> {
  const theme = chooseTheme('dark', init.env);
  const screen = new SignInScreen({ entrance, terminal, clock: init.clock, theme });
  const outcome = await screen.done;
  screen.close();
  if ('failure' in outcome) throw outcome.failure;
  return outcome.peer;
}

/** The steps of the first minutes that can be taken with these commands. */
const stepsWith = (commands: readonly Command[]): readonly Step[] =>
  STEPS.filter((step) => step !== 'phrase' || commands.some(({ slash }) => slash === 'recovery'));

function checklistOf(init: ScreenInit, settings: Settings): Checklist {
  const changed = (state: ChecklistState): void => settings.set('checklist', state);
  return new Checklist({ ...settings.get('checklist'), steps: stepsWith(init.commands), changed });
}

async function chat(
  init: ScreenInit,
  terminal: Terminal,
  peer: PeerApi,
  onScreen: (screen: ChatScreen) => void,
): Promise<ScreenEnd> {
  const settings = init.settings(peer.whoami().home);
  const screen = new ChatScreen({
    peer,
    commands: tableRunner(peer, init.commands, init.clock),
    terminal,
    clock: init.clock,
    bidi: bidiMode(init.bidi, init.env),
    settings,
    home: init.env.HOME ?? '',
    checklist: checklistOf(init, settings),
    env: init.env,
    listFolder: init.listFolder,
    greeting: init.greeting?.(peer) ?? [],
    pasted: init.pasted(peer.whoami().home),
    edit: init.edit(peer.whoami().home),
    ...(init.desktop && { desktop: init.desktop }),
    ...(init.preview && { preview: init.preview }),
    ...(init.open !== undefined && { open: init.open }),
  });
  onScreen(screen);
  const said = await Promise.race([screen.done, screen.start().then(() => screen.done)]);
  return said === undefined ? { status: 0 } : { status: peer.trouble?.exit ?? 0, said };
}

/**
 * The chat on a full screen, from sign-in to leaving. The terminal is given back as it was however this ends; the peer is
 * closed. The caller ends the process with the status: input from the terminal may still be pending.
 */
export async function runScreen(init: ScreenInit): Promise<ScreenEnd> {
  const terminalBidi = bidiMode(init.bidi, init.env) === 'terminal';
  const terminal = new Terminal({ ...init, terminalBidi });
  const guard = guardTerminal(terminal);
  let peer = 'peer' in init.start ? init.start.peer : undefined;
  let screen: ChatScreen | undefined;
  const session = async (): Promise<ScreenEnd> => {
    if ('entrance' in init.start) peer = await signIn(init, terminal, init.start.entrance);
    return peer ? chat(init, terminal, peer, (shown) => (screen = shown)) : { status: 0 };
  };
  try {
    return await Promise.race([session().catch(endOf), guard.ended]);
  } finally {
    terminal.close();
    guard.release();
    await screen?.close();
    await peer?.close();
  }
}

function endOf(error: unknown): ScreenEnd {
  if (!(error instanceof Failure)) throw error;
  if (error.code === 'left') return { status: 0 };
  return { status: error.exit, failure: error };
}
