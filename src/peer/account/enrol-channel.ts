import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { enrolClientTls } from '../../crypto/tls.js';
import type { Trust } from '../../crypto/trust.js';
import { ALPN_ENROL, type EnrolMethods, enrolMethods } from '../../wire/directory.js';
import { PROTOCOL_VERSIONS } from '../../wire/limits.js';
import type { DirectoryAddress, DirectoryLink } from '../../wire/link.js';
import type { MethodName, Params, Result } from '../../wire/rpc.js';
import { Channel } from '../network/channel.js';
import { dialDirectory } from '../network/dial-directory.js';
import { agent } from '../network/user-agent.js';

type NoMethods = Record<never, never>;

/** A channel for whoever has no certificate yet: registration, login, and the request for a certificate. */
export interface EnrolChannel {
  readonly trust: Trust;
  /** The CA's certificate, DER. */
  readonly authority: Uint8Array;
  readonly socket: TLSSocket;
  readonly greeting: Result<EnrolMethods, 'hello'>;
  request<M extends MethodName<EnrolMethods>>(
    method: M,
    params: Params<EnrolMethods, M>,
  ): Promise<Result<EnrolMethods, M>>;
}

/** Opens the channel, does `work` on it, and closes it whatever happens. */
export const withEnrolChannel = <T>(
  link: DirectoryLink,
  clock: Clock,
  work: (channel: EnrolChannel) => Promise<T>,
): Promise<T> => withUnprovedChannel(link, clock, work);

/** The same to an address: nothing shows yet that it is the right directory, where there is no fingerprint. */
export async function withUnprovedChannel<T>(
  link: DirectoryAddress,
  clock: Clock,
  work: (channel: EnrolChannel) => Promise<T>,
): Promise<T> {
  const signal = new AbortController().signal;
  const { socket, trust, authority } = await dialDirectory(link, enrolClientTls(), ALPN_ENROL, {
    clock,
    signal,
  });
  const channel = new Channel<NoMethods, NoMethods, EnrolMethods, NoMethods>(socket, 'the directory', {
    clock,
    outlet: 'directory channel',
    serves: {},
    hears: {},
    calls: enrolMethods,
    serve: () => Promise.reject(new Failure('method-unknown', 'peers serve nothing to a directory')),
    hear: () => {},
  });
  channel.session.open();
  try {
    const greeting = await channel.session.request('hello', { versions: [...PROTOCOL_VERSIONS], agent });
    return await work({
      trust,
      authority,
      socket,
      greeting,
      request: (method, params) => channel.request(method, params),
    });
  } finally {
    channel.close(new Failure('closed', 'done'));
    await channel.closed;
  }
}
