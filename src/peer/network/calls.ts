import { hex, sameBytes } from '../../base/bytes.js';
import { LruCache } from '../../base/lru-cache.js';
import type { Random } from '../../base/random.js';
import { callSecret, openCall, sealCall, type TunnelKeys, tunnelKeys } from '../../crypto/tunnel-secret.js';
import { type Call, callCodec } from '../../wire/calls.js';
import type { DeviceAddress, Endpoint } from '../../wire/directory.js';
import { DEVICES_PER_ACCOUNT, TUNNEL_VERSION } from '../../wire/limits.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { LinkTarget } from './candidates.js';

/** Whom a call comes from: judged by the identity that is known of them. */
export type Caller = Pick<LinkTarget, 'user' | 'device' | 'identityKey'>;

export interface Called {
  readonly kind: 'call';
  /** Goes back to whoever called. */
  readonly answer: (candidates: readonly Endpoint[]) => { readonly sealed: Uint8Array; readonly keys: TunnelKeys };
  readonly candidates: readonly Endpoint[];
}

export interface Answered {
  readonly kind: 'answer';
  readonly id: string;
  readonly keys: TunnelKeys;
  readonly candidates: readonly Endpoint[];
}

interface Waiting {
  readonly to: Caller;
  readonly id: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Secrets of people, each some milliseconds to make. */
const SECRETS = 64;

/** Calls as they are sealed and opened, made and answered: no I/O. */
export class Calls {
  readonly #self: LocalDevice;
  readonly #random: Random;
  readonly #secrets = new LruCache<string, Uint8Array>(SECRETS);
  readonly #waiting = new Map<string, Waiting>();

  constructor(self: LocalDevice, random: Random) {
    this.#self = self;
    this.#random = random;
  }

  /** @returns undefined where the other's key stands for nobody */
  call(to: Caller, candidates: readonly Endpoint[]): { readonly id: string; readonly sealed: Uint8Array } | undefined {
    const [id, nonce] = [this.#random.bytes(16), this.#random.bytes(16)];
    const sealed = this.#seal(to, { id, kind: 'call', nonce, versions: [TUNNEL_VERSION], candidates: [...candidates] });
    if (sealed === undefined) return undefined;
    this.#waiting.set(hex(id), { to, id, nonce });
    return { id: hex(id), sealed };
  }

  /** Nobody waits for its answer any more. */
  forget(id: string): void {
    this.#waiting.delete(id);
  }

  /** @returns undefined for what is not theirs, or answers nothing. @throws Failure 'malformed' for what is not as agreed */
  take(from: Caller, sealed: Uint8Array): Called | Answered | undefined {
    const secret = this.#secretOf(from.identityKey);
    const opened = secret && openCall(secret, sealed, { from, to: this.#address });
    if (secret === undefined || opened === undefined) return undefined;
    const call = callCodec.decode(opened);
    if (!call.versions.includes(TUNNEL_VERSION)) return undefined;
    return call.kind === 'call' ? this.#called(from, secret, call) : this.#answered(from, secret, call);
  }

  #called(from: Caller, secret: Uint8Array, { id, nonce: caller, candidates }: Call): Called {
    const answer: Called['answer'] = (own) => {
      const called = this.#random.bytes(16);
      const said: Call = { id, kind: 'answer', nonce: called, versions: [TUNNEL_VERSION], candidates: [...own] };
      return { sealed: this.#seal(from, said)!, keys: tunnelKeys(secret, { id, caller, called }) };
    };
    return { kind: 'call', answer, candidates };
  }

  #answered(from: Caller, secret: Uint8Array, { id, nonce: called, candidates }: Call): Answered | undefined {
    const waiting = this.#waiting.get(hex(id));
    if (waiting?.to.device !== from.device || !sameBytes(waiting.to.identityKey, from.identityKey)) return undefined;
    this.#waiting.delete(hex(id));
    return { kind: 'answer', id: hex(id), keys: tunnelKeys(secret, { id, caller: waiting.nonce, called }), candidates };
  }

  #seal(to: Caller, call: Call): Uint8Array | undefined {
    const secret = this.#secretOf(to.identityKey);
    return secret && sealCall(secret, callCodec.encode(call), { from: this.#address, to }, this.#random);
  }

  get #address(): DeviceAddress {
    return { user: this.#self.user, device: this.#self.device };
  }

  #secretOf(identityKey: Uint8Array): Uint8Array | undefined {
    const key = hex(identityKey);
    const known = this.#secrets.get(key);
    if (known !== undefined) return known;
    const secret = callSecret(this.#self.identity, identityKey, this.#self.anchor.trust.directoryId);
    if (secret !== undefined) this.#secrets.set(key, secret);
    return secret;
  }
}

/** How often one person's devices may call: each call costs a handshake. */
const CALLS_AT_ONCE = DEVICES_PER_ACCOUNT;
const CALLS_EVERY_MS = 500;
const CALLERS = 1_024;

export class CallPace {
  readonly #callers = new LruCache<string, { left: number; at: number }>(CALLERS);

  /** @returns whether one more is answered; it is counted then */
  take(user: string, now: number): boolean {
    const known = this.#callers.need(user, () => ({ left: CALLS_AT_ONCE, at: now }));
    known.left = Math.min(CALLS_AT_ONCE, known.left + (now - known.at) / CALLS_EVERY_MS);
    known.at = now;
    if (known.left < 1) return false;
    known.left--;
    return true;
  }
}
