import type { TLSSocket } from 'node:tls';
import { type Failure, toFailure } from '../../base/errors.js';
import { enrolExporter, peerCertificateDer } from '../../crypto/tls.js';
import { ALPN_ENROL, type DirectoryNotices, directoryMethods, enrolMethods } from '../../wire/directory.js';
import type { MethodName, MethodTable, NoticeTable, Params } from '../../wire/rpc.js';
import { plainAddress } from '../guard/address.js';
import { DeviceRequests, deviceHandlers } from '../requests/device.js';
import { type Caller, dispatch, type Handlers } from '../requests/dispatch.js';
import { EnrolRequests, enrolHandlers } from '../requests/enrol.js';
import type { Services } from '../services.js';
import { ServerChannel } from './channel.js';
import type { FairQueue } from './fair-queue.js';

/** What the server needs of a connection of either kind. */
export interface Connection {
  readonly channel: Pick<ServerChannel<MethodTable, NoticeTable>, 'check' | 'deafen' | 'unsent'>;
  /** Says why where it can be said, then closes. */
  end(why: Failure): void;
  /** Resolves when the channel is closed and what follows from it is stored. */
  readonly done: Promise<void>;
}

export interface ConnectionInit {
  readonly core: Services;
  readonly socket: TLSSocket;
  readonly turns: FairQueue;
  onGreeted(isDevice: boolean): void;
  /** A request is being served until `served` settles. */
  onServing(served: Promise<unknown>): void;
}

export const openConnection = (init: ConnectionInit): Connection =>
  init.socket.alpnProtocol === ALPN_ENROL ? openEnrol(init) : openDevice(init);

function openEnrol({ core, socket, turns, onGreeted, onServing }: ConnectionInit): Connection {
  const address = plainAddress(socket.remoteAddress ?? '');
  const requests = new EnrolRequests(core, {
    address,
    exporter: () => enrolExporter(socket),
    onGreeted: () => onGreeted(false),
  });
  const { promise, resolve } = withResolve();
  const end = (why: Failure): void => channel.end(why);
  const channel: ServerChannel<typeof enrolMethods, Record<never, never>> = new ServerChannel({
    ...{ socket, turns, clock: core.clock, limits: core.limits, serves: enrolMethods },
    serve: server(core, enrolMethods, enrolHandlers, requests, {
      ...{ onServing, end },
      caller: () => ({ user: requests.user, address }),
    }),
    onClosed: () => {
      cancel();
      requests.left();
      resolve();
    },
  });
  const cancel = core.clock.after(core.limits.enrolDeadline, () => channel.destroy());
  return { channel, end, done: promise };
}

function openDevice({ core, socket, turns, onGreeted, onServing }: ConnectionInit): Connection {
  const address = plainAddress(socket.remoteAddress ?? '');
  const requests = new DeviceRequests(core, {
    ...{ address, port: socket.remotePort ?? 0 },
    certificate: () => peerCertificateDer(socket),
    hasRoom: () => channel.hasRoom,
    notify: (notice, params) => channel.session.notify(notice, params),
    notifyEncoded: (frame) => channel.session.notifyEncoded(frame),
    onGreeted: () => {
      channel.session.open();
      onGreeted(true);
    },
    end: (why) => channel.end(why),
  });
  const { promise, resolve } = withResolve();
  const end = (why: Failure): void => requests.end(why);
  const channel: ServerChannel<typeof directoryMethods, DirectoryNotices> = new ServerChannel({
    ...{ socket, turns, clock: core.clock, limits: core.limits, serves: directoryMethods },
    serve: server(core, directoryMethods, deviceHandlers, requests, {
      ...{ onServing, end },
      caller: () => ({ user: requests.user, device: requests.device, address }),
    }),
    onClosed: () => {
      requests
        .left()
        .catch((error: unknown) => core.log.error('presence not stored', { user: requests.user, error: String(error) }))
        .finally(resolve);
    },
    onDrained: () => requests.drained(),
  });
  return { channel, end, done: promise };
}

interface Served {
  caller(): Caller;
  onServing(served: Promise<unknown>): void;
  end(why: Failure): void;
}

/** Serves requests, and ends the channel where hello was refused. */
function server<
  T extends MethodTable,
  Context extends { admit(method: string, params: unknown): void; spend(method: string): Promise<void> | undefined },
>(core: Services, methods: T, handlers: Handlers<T, Context>, context: Context, { caller, onServing, end }: Served) {
  return (method: MethodName<T>, params: never): Promise<unknown> => {
    const served = dispatch<T, Context, typeof method>(core, methods, handlers, {
      ...{ context, method, caller, params: params as Params<T, typeof method> },
      admit: () => context.admit(method, params),
      spend: () => context.spend(method),
    });
    onServing(served);
    if (method === 'hello') served.catch((error: unknown) => core.clock.after(0, () => end(toFailure(error))));
    return served;
  };
}

function withResolve(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
