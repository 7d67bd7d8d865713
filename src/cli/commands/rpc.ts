import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import { Answers, byName, type Methods } from '../../control/answers.js';
import { type ControlClient, dialControl } from '../../control/client.js';
import { message, toRpcError, write } from '../../control/jsonrpc.js';
import { controlPath } from '../../control/path.js';
import { readyEvent } from '../../control/peer-methods.js';
import { listenPrivately, serveControl } from '../../control/server.js';
import { Outlet } from '../../net/outlet.js';
import type { OpenPeer } from '../../peer/api/account.js';
import { openInit, type PeerOptions } from '../options.js';
import { endedBy, notWatchable, openProfile, peerMethods, reach, toldBefore } from '../session.js';
import type { Shell } from '../shell.js';

export interface RpcOptions extends PeerOptions {
  readonly socket?: string | undefined;
}

/** Lines which are being answered while the next are read; beyond, the reader waits. */
const AT_ONCE = 256;

/** JSON-RPC on standard input and output, answered by this process, until the input ends. */
async function answerHere(shell: Shell, methods: Methods): Promise<void> {
  const answers = new Answers({
    find: byName(methods),
    write: (line) => write(process.stdout, line),
    signal: shell.scope.signal,
  });
  const input = shell.input();
  for (let line = await input.line(); line !== undefined; line = await input.line()) {
    if (line.trim() === '') continue;
    const answered = answers.take(line);
    if (answers.running >= AT_ONCE) await answered;
  }
  await answers.settled();
}

const ended = (): Failure => new Failure('session-ended', 'The program that had this profile open has ended.');

/** The same, answered by the process that has the profile open. */
async function relay(shell: Shell, socket: Socket): Promise<void> {
  shell.scope.defer(() => void socket.destroy());
  socket.pipe(process.stdout, { end: false });
  const outlet = new Outlet('control client', { clock: systemClock, socket, onStuck: () => socket.destroy() });
  const over = once(socket, 'close');
  let handedOver = false;
  const feed = async (): Promise<void> => {
    const input = shell.input();
    for (let line = await input.line(); line !== undefined; line = await input.line()) {
      await outlet.offer(Buffer.from(`${line}\n`));
    }
    handedOver = true;
    outlet.end();
    await over;
  };
  await Promise.race([feed(), over]);
  if (!handedOver) throw ended();
}

/** One who holds the profile only for a moment is no partner for a session. */
async function assertStays(client: ControlClient): Promise<void> {
  await client.call('receive', {}).catch((error) => {
    throw hasCode(error, 'method-unknown') ? notWatchable() : error;
  });
}

const socketTaken = (path: string): Failure => new Failure('socket-taken', `There is something at ${path} already.`);

/** What a killed process left there is taken away, and nothing else is. */
async function claim(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isSocket()) throw socketTaken(path);
  const socket = await dialControl(path, { chosen: true });
  socket?.destroy();
  if (socket) throw socketTaken(path);
  await rm(path, { force: true });
}

/** Each caller of the socket is connected to the process that has the profile open. */
async function serveRelay(shell: Shell, path: string, target: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    caller.on('error', () => caller.destroy());
    dialControl(target).then(
      (socket) => {
        if (socket === undefined) return caller.destroy();
        socket.on('error', () => caller.destroy());
        caller.pipe(socket).pipe(caller);
      },
      () => caller.destroy(),
    );
  });
  await listenPrivately(server, path, shell.scope.child(), true);
}

interface Serving {
  readonly ended: Promise<unknown>;
}

/**
 * JSON-RPC 2.0, one message a line, on standard input and output or on a Unix socket: every command is a method, events
 * are notifications. Through the process that has the profile open, where there is one.
 */
export async function rpc(shell: Shell, options: RpcOptions): Promise<void> {
  shell.endsWell();
  let asked: Promise<OpenPeer> | undefined;
  const init = (): Promise<OpenPeer> => {
    asked ??= openInit(shell, options);
    return asked;
  };
  if (options.socket !== undefined) return onSocket(shell, resolve(options.socket), init);
  try {
    const served = await reach<() => Promise<void>>(
      shell,
      async (client) => {
        await assertStays(client);
        const socket = await dialControl(await controlPath(shell.home, shell.env));
        if (socket === undefined) throw notWatchable();
        return () => relay(shell, socket);
      },
      async () => {
        const known = await init();
        const { openPeer } = await shell.parts.peer();
        const { peer } = await openProfile(shell, () => openPeer(known), { stays: true });
        const over = peer.ended.then(() => endedBy(peer));
        return () => Promise.race([answerHere(shell, peerMethods(shell, peer)), over]);
      },
    );
    await served();
  } catch (error) {
    await write(process.stdout, message({ id: null, error: toRpcError(error) }));
    throw shell.output.json ? toldBefore(toFailure(error)) : error;
  }
}

async function onSocket(shell: Shell, path: string, init: () => Promise<OpenPeer>): Promise<void> {
  await claim(path);
  const say = (ready: object): void =>
    shell.output.say({ ...ready, socket: path }, [`JSON-RPC is served at ${path}, to you alone.`]);
  const serving = await reach<Serving>(
    shell,
    async (client) => {
      await assertStays(client);
      const [me] = (await client.call('whoami', {})) as readonly Readonly<Record<string, unknown>>[];
      await serveRelay(shell, path, await controlPath(shell.home, shell.env));
      say({ event: 'ready', user: me?.user, device: me?.device });
      return { ended: client.ended.then(() => Promise.reject(ended())) };
    },
    async () => {
      const known = await init();
      const { openPeer } = await shell.parts.peer();
      const { peer } = await openProfile(shell, () => openPeer(known), { stays: true });
      await serveControl(path, peerMethods(shell, peer), shell.scope.child(), { chosen: true });
      say(readyEvent(peer));
      return { ended: peer.ended.then(() => endedBy(peer)) };
    },
  );
  await serving.ended;
}
