import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import { assertPeer, type DeviceCertificate } from '../../crypto/certificate.js';
import { assertChannel, peerCertificateDer, peerClientTls, type TlsIdentity } from '../../crypto/tls.js';
import { hostAndPort } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import type { PathTry } from '../api/paths.js';
import type { Candidate, LinkTarget } from './candidates.js';
import { resultOf } from './dial-attempts.js';
import type { ListenAddress } from './listen-address.js';
import type { Dial } from './transport.js';

export interface DiallerInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly dial: Dial;
  identity(): TlsIdentity;
  /** Judges the certificate and the pin of whoever is at the other end. @throws Failure trust */
  admit(der: Uint8Array): Promise<DeviceCertificate>;
  /** Where the device might be. */
  candidates(target: LinkTarget): readonly Candidate[];
}

/** A connection whose other end has proven who it is. */
export interface SecureSocket {
  readonly socket: TLSSocket;
  readonly certificate: DeviceCertificate;
}

/** Between the starts of tries to a device's several addresses (RFC 8305 calls it the connection attempt delay). */
const ATTEMPT_DELAY_MS = 150;
/** All addresses together must have answered by then; the mailbox is quicker than a longer wait. */
const DIAL_TIMEOUT_MS = 2_000;

/** Tries the addresses of a device side by side; the first that answers and is meant counts. */
export class Dialler {
  readonly #init: DiallerInit;
  readonly #tries = new Map<string, Map<Candidate, PathTry['result']>>();

  constructor(init: DiallerInit) {
    this.#init = init;
  }

  /** What became of each address of a device when it was last dialled. */
  tries(device: string): PathTry[] {
    return Array.from(this.#tries.get(device) ?? [], ([candidate, result]) => ({
      ...{ address: hostAndPort(candidate), by: candidate.by, result },
    }));
  }

  /**
   * @param greet what is said on the connection; where that fails another address may do
   * @returns undefined where nobody answers: then as late as it could be, whatever became of the tries, since whoever named
   *   the addresses must not learn from how long it took what is there
   */
  async first<T>(
    target: LinkTarget,
    protocol: string,
    greet: (connection: SecureSocket) => Promise<T>,
  ): Promise<T | undefined> {
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    this.#init.scope.signal.addEventListener('abort', stop);
    const cancel = this.#init.clock.after(DIAL_TIMEOUT_MS, stop);
    const named = this.#init.candidates(target);
    const results = new Map(
      named.map((one) => [one, one.mayDial ? 'no answer' : ('not dialled' as PathTry['result'])]),
    );
    this.#tries.set(target.device, results);
    try {
      const tries = named
        .filter(({ mayDial }) => mayDial)
        .map(async (candidate, index) => {
          await this.#pause(index * ATTEMPT_DELAY_MS, ending.signal);
          try {
            const reached = await this.#one(target, candidate, { protocol, greet, signal: ending.signal });
            settle(results, candidate);
            return reached;
          } catch (error) {
            if (!ending.signal.aborted) results.set(candidate, resultOf(error));
            throw error;
          }
        });
      return await Promise.any(tries);
    } catch {
      if (named.length > 0) await aborted(ending.signal);
      return undefined;
    } finally {
      cancel();
      ending.abort();
      this.#init.scope.signal.removeEventListener('abort', stop);
    }
  }

  /** Whoever answers there. @throws Failure unreachable, trust */
  async secure(endpoint: ListenAddress, protocol: string, signal: AbortSignal): Promise<SecureSocket> {
    const { clock, identity, dial, admit } = this.#init;
    const socket = await dial({ ...peerClientTls(identity(), protocol), ...endpoint }, { clock, signal });
    try {
      assertChannel(socket, protocol);
      return { socket, certificate: await admit(peerCertificateDer(socket)) };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async #one<T>(
    { user, device: deviceId, identityKey }: LinkTarget,
    { host, port }: Candidate,
    { protocol, greet, signal }: Said<T>,
  ): Promise<T> {
    const connection = await this.secure({ host, port }, protocol, signal);
    try {
      assertPeer(connection.certificate, { folded: foldName(user), identityKey, deviceId });
      return await greet(connection);
    } catch (error) {
      connection.socket.destroy();
      throw error;
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#init.clock.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** One address has answered: it is in use, and those that had not failed by then were not needed. */
function settle(results: Map<Candidate, PathTry['result']>, used: Candidate): void {
  results.delete(used);
  for (const [candidate, result] of results) if (result === 'no answer') results.set(candidate, 'not needed');
}

interface Said<T> {
  readonly protocol: string;
  readonly greet: (connection: SecureSocket) => Promise<T>;
  readonly signal: AbortSignal;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
