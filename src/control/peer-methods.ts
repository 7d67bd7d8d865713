import { Failure, toFailure } from '../base/errors.js';
import { type Args, bind, bindNamed, type Given } from '../commands/bind-arguments.js';
import type { Command, Context, Item } from '../commands/command.js';
import { namesOf, onFace, permit } from '../commands/lookup.js';
import type { Parameter } from '../commands/parameter.js';
import { PATH_SEPARATOR } from '../commands/parse-argument.js';
import { inWordsOf } from '../commands/words-of-face.js';
import type { ReadyEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';
import type { Call, Method, Methods } from './answers.js';
import type { NamedParams, Params } from './jsonrpc.js';
import { Subscription } from './subscription.js';

export const readyEvent = ({ user, device, directoryState }: PeerApi): ReadyEvent => ({
  event: 'ready',
  user,
  device,
  directory: directoryState,
});

const isWord = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** A list stands for the words or paths of one argument. @throws Failure usage `argument-invalid` */
function word(name: string, value: unknown, type?: Parameter['type']): string {
  if (isWord(value)) return String(value);
  if (Array.isArray(value) && value.every(isWord)) return value.join(type === 'words' ? ' ' : PATH_SEPARATOR);
  throw new Failure('argument-invalid', `${name}: that is neither text nor a list of texts.`, {
    hint: 'Arguments are texts, numbers, true or false; several paths are a list.',
  });
}

const given = ({ parameters }: Command, params: NamedParams): Given =>
  Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [
        name,
        word(name, value, Object.hasOwn(parameters, name) ? parameters[name]!.type : undefined),
      ]),
  );

/** By name, or by place as on a line. @throws Failure usage */
function argumentsOf(command: Command, params: Params): Args {
  if (!Array.isArray(params)) return bindNamed(command, given(command, params as NamedParams));
  return bind(
    command,
    'rpc',
    params.map((value, at) => word(`argument ${at + 1}`, value)),
    {},
  );
}

const named = (params: Params): NamedParams => (Array.isArray(params) ? {} : (params as NamedParams));

/**
 * A command as an RPC method: its arguments by name, its result the list of what it says. With `stream: true` every item
 * is a notification `item` of its own instead, so that a long answer is never held whole; the first is `accepted`, by
 * which the caller knows, should the connection end, whether anything was begun.
 */
function commandMethod(peer: PeerApi, command: Command, context: Context): Method {
  const run: Method = async (params, call) => {
    permit(command, peer.whoami().role);
    const { stream, ...byName } = named(params);
    const args = argumentsOf(command, Array.isArray(params) ? params : byName);
    if (stream === true) await call.notify('accepted', { id: call.id });
    const items: Item[] = [];
    for await (const item of command.run(peer, args, { ...context })) {
      if (call.signal.aborted) break;
      if (stream === true) await call.notify('item', { id: call.id, item });
      else items.push(item);
    }
    return items;
  };
  return (params, call) =>
    run(params, call).catch((error) => {
      throw inShellWords(toFailure(error));
    });
}

/** Programs know the commands by the names they have in the shell. */
const inShellWords = (failure: Failure): Failure =>
  Failure.from({
    ...failure.plain,
    message: inWordsOf('shell', failure.message),
    hint: inWordsOf('shell', failure.hint),
  });

/**
 * Every event becomes a notification `event`: `ready` first, then those missed so far, then what comes. One subscription
 * a caller: asked for again it is answered and changes nothing. Ends with the caller, or by `unsubscribe`.
 */
function subscriptions(peer: PeerApi): { readonly subscribe: Method; readonly unsubscribe: Method } {
  const watching = new WeakMap<AbortSignal, Subscription>();
  return {
    async subscribe(_params, { notify, signal }: Call) {
      if (watching.has(signal)) return null;
      const subscription = new Subscription(peer, (event) => notify('event', { event }));
      watching.set(signal, subscription);
      signal.addEventListener('abort', () => subscription.end());
      await subscription.start(readyEvent(peer));
      return null;
    },
    async unsubscribe(_params, { signal }: Call) {
      watching.get(signal)?.end();
      watching.delete(signal);
      return null;
    },
  };
}

/** The command table as RPC methods, by every name that the chat and the shell know too. */
export function commandMethods(peer: PeerApi, commands: readonly Command[], now: () => number): Methods {
  const context: Context = { face: 'rpc', commands, now };
  const names = new Set(commands.flatMap((command) => namesOf(command, 'rpc')));
  return Object.fromEntries(
    [...names].map((name) => [name, commandMethod(peer, onFace(commands, 'rpc', name)!, context)]),
  );
}

/** For whoever listens: whose files are taken from now on, and where they go. */
const receiveMethod = (peer: PeerApi): Method => {
  return async (params) => {
    const { accept, folder } = named(params);
    peer.files.receive({
      ...(typeof folder === 'string' && { folder }),
      ...((accept === 'all' || accept === 'contacts' || accept === 'none') && { accept }),
    });
    return null;
  };
};

/** Besides the commands, the events: for who stays. */
export const eventMethods = (peer: PeerApi): Methods => ({
  ...subscriptions(peer),
  receive: receiveMethod(peer),
});
