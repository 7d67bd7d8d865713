import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import { assertPeer, type DeviceCertificate } from '../../crypto/certificate.js';
import { assertChannel, peerCertificateDer } from '../../crypto/tls.js';
import { foldName } from '../../wire/names.js';
import { ALPN_PEER } from '../../wire/peer-link.js';
import type { Candidate, LinkTarget } from './candidates.js';
import type { Dialler, SecureSocket } from './dialler.js';
import type { Link } from './link.js';
import type { LinkWay } from './tunnel-way.js';
import type { Tunnelled } from './tunnels.js';

export interface LinkRaceInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly dialler: Dialler;
  candidates(target: LinkTarget): readonly Candidate[];
  /** Judges the certificate and the pin of whoever is at the other end. @throws Failure trust */
  admit(der: Uint8Array): Promise<DeviceCertificate>;
  /** A connection by datagrams; undefined where there is none to be had. */
  call(target: LinkTarget): Promise<Tunnelled | undefined>;
  greet(connection: SecureSocket, way?: LinkWay): Promise<Link>;
}

/** An address that answers does so sooner, on most networks: TCP, TLS and a greeting are three round trips. */
const HEAD_START_MS = 500;
/** Whoever waits for a link has the mailbox: it is quicker than a longer wait. */
const LINK_WITHIN_MS = 2_000;

/**
 * TCP first, a tunnel beside it: what is dialled has a head start, unless there is nothing to be dialled, or nothing of it
 * answered the last time. The first that is a link counts; a connection by TCP that comes later takes its place.
 */
export class LinkRace {
  readonly #init: LinkRaceInit;
  /** Devices of which no address answered the last time. */
  readonly #deaf = new Set<string>();
  readonly #calling = new Map<string, Promise<Link | undefined>>();

  constructor(init: LinkRaceInit) {
    this.#init = init;
  }

  /** Something has changed that may let it answer. */
  mayAnswer(device?: string): void {
    if (device === undefined) this.#deaf.clear();
    else this.#deaf.delete(device);
  }

  /** The first link that comes of it; undefined where none does in time. One that is late is kept all the same. */
  first(target: LinkTarget): Promise<Link | undefined> {
    const { clock } = this.#init;
    const dialled = this.dial(target);
    const called = this.#called(target, dialled);
    return new Promise((resolve) => {
      let left = 2;
      const done = (link: Link | undefined): void => {
        if (link === undefined && --left > 0) return;
        cancel();
        resolve(link);
      };
      const cancel = clock.after(LINK_WITHIN_MS, () => resolve(undefined));
      void dialled.then(done);
      void called.then(done);
    });
  }

  /** By TCP alone. */
  async dial(target: LinkTarget): Promise<Link | undefined> {
    const link = await this.#init.dialler.first(target, ALPN_PEER, (connection) => this.#init.greet(connection));
    if (link === undefined) this.#deaf.add(target.device);
    else this.#deaf.delete(target.device);
    return link;
  }

  #called(target: LinkTarget, dialled: Promise<Link | undefined>): Promise<Link | undefined> {
    const { device } = target;
    const running =
      this.#calling.get(device) ?? this.#call(target, dialled).finally(() => this.#calling.delete(device));
    this.#calling.set(device, running);
    return running;
  }

  async #call(target: LinkTarget, dialled: Promise<Link | undefined>): Promise<Link | undefined> {
    const { scope, clock, candidates, call } = this.#init;
    const hope = !this.#deaf.has(target.device) && candidates(target).some(({ mayDial }) => mayDial);
    if (hope && (await Promise.race([dialled, scope.pause(clock, HEAD_START_MS)])) !== undefined) return undefined;
    try {
      const tunnelled = await call(target);
      return tunnelled && (await this.take(tunnelled, target));
    } catch {
      // Whoever it was, or whatever it failed of: there is no link by it.
      return undefined;
    }
  }

  /** Whoever is at the other end of a tunnel must be whom it was made for. @throws Failure trust */
  async take(
    { socket, way }: Tunnelled,
    { user, device: deviceId, identityKey }: Pick<LinkTarget, 'user' | 'device' | 'identityKey'>,
    greet = this.#init.greet,
  ): Promise<Link> {
    try {
      assertChannel(socket, ALPN_PEER);
      const certificate = await this.#init.admit(peerCertificateDer(socket));
      assertPeer(certificate, { folded: foldName(user), identityKey, deviceId });
      return await greet({ socket, certificate }, way);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}
