import { type Code, Failure, hasCode } from '../base/errors.js';
import type { Args } from '../commands/bind-arguments.js';
import type { Command, Context, Item } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { permit } from '../commands/lookup.js';
import type { Methods } from '../control/answers.js';
import { type ControlClient, connectControl } from '../control/client.js';
import { controlPath } from '../control/path.js';
import { commandMethods, eventMethods } from '../control/peer-methods.js';
import { type ControlServer, serveControl } from '../control/server.js';
import type { OpenPeer } from '../peer/api/account.js';
import type { PeerApi } from '../peer/api/peer.js';
import type { Shell } from './shell.js';

/** A profile in use by another process which has not opened its control socket yet: how often and how long to look. */
const LOOK_EVERY_MS = 100;
const LOOK_FOR_MS = 10_000;

export interface Opened {
  readonly peer: PeerApi;
  readonly control: ControlServer;
}

/** Resolves after `ms`, or when the command ends before. Keeps the process alive meanwhile. */
export const after = (shell: Shell, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    shell.scope.signal.addEventListener('abort', done, { once: true });
  });

/** What a process that has the profile open for longer answers to others of this profile. */
export const peerMethods = (shell: Shell, peer: PeerApi): Methods => ({
  ...commandMethods(peer, commands, () => shell.clock.now()),
  ...eventMethods(peer),
});

/**
 * Opens the profile in this process and serves its control socket. Both end with the shell's scope.
 * @param stays whether others may watch this process's events
 */
export async function openProfile(
  shell: Shell,
  open: () => Promise<PeerApi>,
  { stays }: { readonly stays: boolean },
): Promise<Opened> {
  const control = shell.scope.child();
  const peer = await open();
  shell.scope.defer(() => peer.close());
  // What is kept can be read all the same; but there is nothing to wait for.
  if (stays && peer.trouble?.details.final === true) throw peer.trouble;
  const methods = stays ? peerMethods(shell, peer) : commandMethods(peer, commands, () => shell.clock.now());
  return { peer, control: await serveControl(await controlPath(shell.home, shell.env), methods, control) };
}

/** For a peer that has ended by itself. @throws Failure why, as it was told by an event before */
export function endedBy({ trouble }: PeerApi): void {
  if (trouble) throw toldBefore(trouble);
}

/** What a program has been told by a line of its own, an event or an answer, is not said again among the results. */
export const toldBefore = ({ plain }: Failure): Failure =>
  Failure.from({ ...plain, details: { ...plain.details, said: true } });

/** The process that has the profile open, if there is one. @param patience ms that it may say nothing */
export async function running(shell: Shell, patience?: number): Promise<ControlClient | undefined> {
  const client = await connectControl(await controlPath(shell.home, shell.env), { patience });
  if (client) shell.scope.defer(() => client.close());
  return client;
}

/** Runs a command and hands over what it says, item by item. */
export type Runner = (command: Command, args: Args, take: (item: Item) => void) => Promise<void>;

export async function runHere(
  peer: PeerApi,
  command: Command,
  args: Args,
  context: Context,
  take: (item: Item) => void,
): Promise<void> {
  permit(command, peer.whoami().role);
  for await (const item of command.run(peer, args, context)) take(item);
}

/** Nothing has been done yet, and soon it can be: the profile is just being opened or closed by another process. */
const BUSY: readonly Code[] = ['store-in-use', 'profile-in-use', 'session-closing', 'not-watchable'];
const busy = (error: unknown): boolean => BUSY.some((code) => hasCode(error, code));

/** For what has to have the profile to itself, for as long as it runs. */
export const inUse = (): Failure =>
  new Failure('profile-in-use', 'A chat, `p2pchat listen` or a keeper runs on this profile already.', {
    hint: 'One-shot commands go through it; for a second one set P2PCHAT_HOME to another folder.',
  });

/** A one-shot command has the profile for a moment only: it is not worth watching. */
export const notWatchable = (): Failure => new Failure('not-watchable');

const stillBusy = (cause: unknown): Failure =>
  new Failure('profile-in-use', 'Another process uses this profile and does not answer.', { cause });

/**
 * Through the process that has the profile open, else by opening it; where another one is just opening or closing it, by
 * whichever comes first.
 */
export async function reach<T>(
  shell: Shell,
  through: (client: ControlClient) => Promise<T>,
  open: () => Promise<T>,
  patience?: number,
): Promise<T> {
  const end = shell.clock.monotonic() + Math.min(patience ?? LOOK_FOR_MS, LOOK_FOR_MS);
  for (;;) {
    const client = await running(shell, patience);
    try {
      return client ? await through(client) : await open();
    } catch (error) {
      if (!busy(error)) throw error;
      if (shell.clock.monotonic() > end || shell.scope.closed) throw stillBusy(error);
      await after(shell, LOOK_EVERY_MS);
    }
  }
}

/**
 * For a one-shot command. What others asked of this process meanwhile is finished, too.
 * @param init called once, and only where the profile has to be opened here: it may ask for the password
 */
export async function oneShot(
  shell: Shell,
  init: () => Promise<OpenPeer>,
  use: (run: Runner) => Promise<void>,
  patience?: number,
): Promise<void> {
  let asked: Promise<OpenPeer> | undefined;
  const opened = await reach<Opened | undefined>(
    shell,
    async (client) => {
      await use((command, args, take) => client.stream(command.name, args, take));
      return undefined;
    },
    async () => {
      asked ??= init();
      const known = await asked;
      const { openPeer } = await shell.parts.peer();
      return openProfile(shell, () => openPeer(known), { stays: false });
    },
    patience,
  );
  if (opened === undefined) return;
  const { peer, control } = opened;
  const context: Context = { face: 'shell', commands, now: () => shell.clock.now() };
  try {
    await use((command, args, take) => runHere(peer, command, args, context, take));
  } finally {
    // Whoever watches hears it as an event; here nobody does.
    for (const { message, hint } of peer.takeSetAside()) shell.output.note(`p2pchat: ${message}`, `  ${hint}`);
    await control.finish();
  }
}
