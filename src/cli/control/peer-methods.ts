import type { PeerApi } from '../../peer/api.js';
import { bindNamed, type Given } from '../../peer/commands/bind.js';
import type { Command, Context, Item } from '../../peer/commands/command.js';
import { permit } from '../../peer/commands/find.js';
import { PATH_SEPARATOR } from '../../peer/commands/values.js';
import type { PeerEvent, ReadyEvent } from '../../peer/events.js';
import type { Params } from './jsonrpc.js';
import type { Call, Method, Methods } from './server.js';

export const readyEvent = ({ user, device, directoryState }: PeerApi): ReadyEvent => ({
  event: 'ready',
  user,
  device,
  directory: directoryState,
});

const words = (params: Params): Given =>
  Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(PATH_SEPARATOR) : String(value)]),
  );

/**
 * A command as an RPC method: its arguments by name, its result the list of what it says. With `stream: true` every item
 * is a notification `item` of its own instead, so that a long answer is never held whole; the first is `accepted`, by
 * which the caller knows, should the connection end, whether anything was begun.
 */
function commandMethod(peer: PeerApi, command: Command, context: Context): Method {
  return async ({ stream, ...params }, call) => {
    permit(command, peer.whoami().role);
    const args = bindNamed(command, words(params));
    if (stream === true) await call.notify('accepted', { id: call.id });
    const items: Item[] = [];
    for await (const item of command.run(peer, args, { ...context })) {
      if (call.signal.aborted) break;
      if (stream === true) await call.notify('item', { id: call.id, item });
      else items.push(item);
    }
    return items;
  };
}

/** Answers with `ready`; then every event is a notification `event`, those missed so far first. Ends with the caller. */
function subscribeMethod(peer: PeerApi): Method {
  return async (_params: Params, { notify, signal }: Call) => {
    const unsubscribe = peer.subscribe((event: PeerEvent) => void notify('event', { event }));
    signal.addEventListener('abort', unsubscribe);
    await notify('event', { event: readyEvent(peer) });
    await peer.replayUnseen();
    return null;
  };
}

/** The command table as RPC methods. */
export function commandMethods(peer: PeerApi, commands: readonly Command[], now: () => number): Methods {
  const context: Context = { face: 'rpc', commands, now };
  return Object.fromEntries(commands.map((command) => [command.name, commandMethod(peer, command, context)]));
}

/** For whoever listens: whose files are taken from now on, and where they go. */
const receiveMethod = (peer: PeerApi): Method => {
  return async ({ accept, folder }) => {
    peer.files.receive({
      ...(typeof folder === 'string' && { folder }),
      ...((accept === 'all' || accept === 'contacts' || accept === 'none') && { accept }),
    });
    return null;
  };
};

/** Besides the commands, the events: for who stays. */
export const eventMethods = (peer: PeerApi): Methods => ({
  subscribe: subscribeMethod(peer),
  receive: receiveMethod(peer),
});
