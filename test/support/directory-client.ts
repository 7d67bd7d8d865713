import { connect, type TLSSocket } from 'node:tls';
import { concat, utf8 } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/clock.js';
import { Failure } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { readAuthority } from '../../src/crypto/certificate.js';
import { createCsr } from '../../src/crypto/csr.js';
import { openIdentityBackup, sealIdentityBackup, signDevice } from '../../src/crypto/identity.js';
import { deviceIdOf, SigningKey, verifySignature } from '../../src/crypto/keys.js';
import { enrolProof, finishLogin, finishRegistration, startLogin, startRegistration } from '../../src/crypto/login.js';
import {
  directoryClientTls,
  enrolClientTls,
  enrolExporter,
  serverChainDer,
  type TlsIdentity,
} from '../../src/crypto/tls.js';
import {
  type DirectoryMethods,
  type DirectoryNotices,
  directoryMethods,
  directoryNotices,
  type EnrolMethods,
  enrolMethods,
  ROSTER_CONTEXT,
  type Roster,
  rosterCodec,
} from '../../src/wire/directory.js';
import { type DirectoryLink, parseLink } from '../../src/wire/link.js';
import { foldName } from '../../src/wire/names.js';
import type { MethodName, MethodTable, Notice, NoticeName, NoticeTable, Params, Result } from '../../src/wire/rpc.js';
import { Session } from '../../src/wire/session.js';

type None = Record<never, never>;
type AnyNotice = {
  [N in NoticeName<DirectoryNotices>]: { name: N; params: Notice<DirectoryNotices, N> };
}[NoticeName<DirectoryNotices>];

export const PASSWORD = 'correct horse battery staple';

/** One TLS channel to a directory, as a peer opens it, with nothing done by itself: no pings, no reconnecting. */
class ClientChannel<C extends MethodTable, H extends NoticeTable> {
  readonly socket: TLSSocket;
  readonly session: Session<None, H, C, None>;
  readonly closed: Promise<void>;

  constructor(socket: TLSSocket, calls: C, hears: H, hear: (name: NoticeName<H>, params: never) => void) {
    this.socket = socket;
    this.session = new Session<None, H, C, None>({
      clock: systemClock,
      send: (frame) => socket.writable && socket.write(frame),
      serves: {},
      hears,
      calls,
      serve: () => Promise.reject(new Error('nothing is served')),
      hear,
    });
    this.session.open();
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    const lost = () => this.session.close(new Failure('connection-lost', 'the channel is closed'));
    socket.on('data', (chunk) => {
      try {
        this.session.receive(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', lost);
    socket.on('close', lost);
  }

  request<M extends MethodName<C>>(method: M, params: Params<C, M>): Promise<Result<C, M>> {
    return this.session.request(method, params);
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

export function dialTls(link: DirectoryLink, options: object): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: link.host, port: link.port, ...options });
    socket.once('error', reject);
    socket.once('close', () => reject(new Failure('connection-lost', 'closed before it was open')));
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export type EnrolClient = ClientChannel<EnrolMethods, None>;

export async function openEnrol(link: string, localAddress?: string): Promise<EnrolClient> {
  const socket = await dialTls(parseLink(link), { ...enrolClientTls(), ...(localAddress && { localAddress }) });
  const channel = new ClientChannel(socket, enrolMethods, {}, () => {});
  await channel.request('hello', { versions: [1], agent: 'test' });
  return channel;
}

/** Notices in order, to be waited for. */
class Notices {
  readonly all: AnyNotice[] = [];
  readonly #waiting = new Set<() => void>();

  add(notice: AnyNotice): void {
    this.all.push(notice);
    for (const wake of this.#waiting) wake();
  }

  of<N extends NoticeName<DirectoryNotices>>(name: N): Notice<DirectoryNotices, N>[] {
    return this.all
      .filter((notice) => notice.name === name)
      .map((notice) => notice.params as Notice<DirectoryNotices, N>);
  }

  /** The first one, come or to come, that `matches`. */
  async next<N extends NoticeName<DirectoryNotices>>(
    name: N,
    matches: (params: Notice<DirectoryNotices, N>) => boolean = () => true,
  ): Promise<Notice<DirectoryNotices, N>> {
    for (;;) {
      const found = this.of(name).find(matches);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}

export class DeviceClient extends ClientChannel<DirectoryMethods, DirectoryNotices> {
  readonly notices: Notices;
  /** The CA's certificate, as presented: Node gives it only once. */
  readonly authority: Uint8Array;

  constructor(socket: TLSSocket) {
    const notices = new Notices();
    super(socket, directoryMethods, directoryNotices, (name, params) => {
      notices.add({ name, params } as unknown as AnyNotice);
    });
    this.notices = notices;
    this.authority = serverChainDer(socket).authority;
  }
}

/** A person with one device, as an installation keeps them. */
export interface TestPeer {
  readonly user: string;
  readonly device: string;
  readonly identity: SigningKey;
  readonly key: SigningKey;
  readonly tls: TlsIdentity;
  readonly certificate: Uint8Array;
}

export interface RegisterInit {
  readonly password?: string;
  readonly invite?: string;
  readonly identity?: SigningKey;
}

export async function register(link: string, user: string, init: RegisterInit = {}): Promise<TestPeer> {
  const channel = await openEnrol(link);
  try {
    await registerOn(channel, link, user, init);
    return await loginOn(channel, link, user, init);
  } finally {
    await channel.close();
  }
}

export async function registerOn(channel: EnrolClient, link: string, user: string, init: RegisterInit = {}) {
  const { password = PASSWORD, invite, identity = SigningKey.generate(systemRandom) } = init;
  const account = { directoryId: parseLink(link).fingerprint, folded: foldName(user) };
  const pending = await startRegistration(password);
  const { response } = await channel.request('register.start', { user, request: pending.request });
  const { record, exportKey } = await finishRegistration(pending, { account, password, response });
  const params = {
    user,
    record,
    identityKey: identity.publicKey,
    backup: sealIdentityBackup(identity, account, exportKey, systemRandom),
    ...(invite !== undefined && { invite }),
  };
  return { params, answer: await channel.request('register.finish', params) };
}

/** Logs in and enrols a new device key, or the one given. */
export async function login(link: string, user: string, init: { password?: string; key?: SigningKey } = {}) {
  const channel = await openEnrol(link);
  try {
    return await loginOn(channel, link, user, init);
  } finally {
    await channel.close();
  }
}

export async function passwordOn(
  channel: { request: EnrolClient['request'] },
  link: string,
  user: string,
  password = PASSWORD,
) {
  const account = { directoryId: parseLink(link).fingerprint, folded: foldName(user) };
  const pending = await startLogin(password);
  const started = await channel.request('login.start', { user, request: pending.request });
  const { message, sessionKey, exportKey } = await finishLogin(pending, {
    account,
    password,
    response: started.response,
  });
  const answer = await channel.request('login.finish', { login: started.login, finish: message });
  return { account, sessionKey, exportKey, answer };
}

export async function loginOn(
  channel: EnrolClient,
  link: string,
  user: string,
  init: { password?: string; key?: SigningKey } = {},
): Promise<TestPeer> {
  const { account, sessionKey, exportKey, answer } = await passwordOn(channel, link, user, init.password);
  const identity = openIdentityBackup(answer.backup, account, exportKey, answer.identityKey);
  const key = init.key ?? SigningKey.generate(systemRandom);
  const csr = csrFor(link, user, identity, key);
  const proof = enrolProof(sessionKey, enrolExporter(channel.socket), csr);
  const { certificate } = await channel.request('enrol', { csr, proof, label: 'test' });
  return { user, device: deviceIdOf(key.publicKey), identity, key, certificate, tls: { key, chain: [certificate] } };
}

export function csrFor(link: string, user: string, identity: SigningKey, key: SigningKey): Uint8Array {
  const account = { directoryId: parseLink(link).fingerprint, folded: foldName(user) };
  const statement = signDevice(identity, account, key.publicKey);
  return createCsr(key, { user, identityKey: identity.publicKey, statement });
}

export const helloParams = (starts = 1): Params<DirectoryMethods, 'hello'> => ({
  versions: [1],
  agent: 'test',
  instance: systemRandom.bytes(16),
  endpoints: [],
  state: 'online',
  starts,
});

/** A channel by certificate which has not said hello. */
export async function dialDevice(link: string, { tls }: Pick<TestPeer, 'tls'>): Promise<DeviceClient> {
  return new DeviceClient(await dialTls(parseLink(link), directoryClientTls(tls)));
}

export async function signIn(link: string, peer: Pick<TestPeer, 'tls'>, hello = helloParams()) {
  const client = await dialDevice(link, peer);
  const welcome = await client.request('hello', hello);
  return Object.assign(client, { welcome });
}

/** The roster, if the directory of this link signed it. */
export async function readRoster(client: DeviceClient, link: string, user: string, watch = false): Promise<Roster> {
  const { roster, signature } = await client.request('roster.get', { user, watch });
  const { publicKey } = readAuthority(client.authority, parseLink(link).fingerprint);
  if (!verifySignature(publicKey, concat(utf8(ROSTER_CONTEXT), roster), signature)) throw new Error('forged roster');
  return rosterCodec.decode(roster);
}
