import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { decodeNatPmp, NAT_PMP_VERSION, type NatPmpAnswer, type NatPmpResult } from '../../wire/gateway/nat-pmp.js';
import { decodePcp, PCP_VERSION, type PcpAnswer, type PcpResult } from '../../wire/gateway/pcp.js';
import { type Dialect, Entry, type MappedPort, type Refusal, type WantedPort } from './entry.js';
import { EpochWatch } from './epoch.js';

/**
 * Maps ports at the router: PCP (RFC 6887), and NAT-PMP (RFC 6886) where the router answers that it knows no other or says
 * nothing. Bytes and `now` in, bytes out; whoever drives it sends what `take` gives and calls `tick` when `next` says.
 *
 *     PCP ── "I know version 0" or 3 s of silence ──> NAT-PMP ── 64 s of silence ──> rests, then PCP again
 *
 * A mapping is asked for anew at half of what is left of its life. An answer whose epoch shows that the router lost its state
 * has all of them asked for anew at once. At the end they are taken down.
 */

/** Why there is no mapping; `closed`: the router said that nothing listens there. */
export type MappingTrouble = 'silent' | 'closed' | 'nonsense' | Refusal;

export interface MappingState {
  /** What the router speaks; undefined where it has said nothing that can be read. */
  readonly speaks?: Dialect | undefined;
  readonly mapped: readonly MappedPort[];
  readonly trouble?: MappingTrouble | undefined;
}

export interface MappingClientInit {
  readonly random: Random;
  /** The address here that the router sees. */
  readonly client: string;
}

/** Where nobody answers, or not now: until then it is asked nothing. */
const AGAIN_MS = 15 * 60_000;
/** What a server says of how long an error lasts is believed within these. */
const LEAST_AGAIN_MS = 30_000;
const MOST_AGAIN_MS = 30 * 60_000;

export class MappingClient {
  readonly #init: MappingClientInit;
  readonly #epochs = new EpochWatch();
  #dialect: Dialect = 'pcp';
  #speaks: Dialect | undefined;
  #entries: Entry[] = [];
  /** Of NAT-PMP, whose mappings don't say it. */
  #outside: string | undefined;
  #nonsense = false;
  #trouble: MappingTrouble | undefined;
  #out: Uint8Array[] = [];

  constructor(init: MappingClientInit) {
    this.#init = init;
  }

  get state(): MappingState {
    const mapped = this.#entries.flatMap((entry) => entry.shown(this.#dialect, this.#outside) ?? []);
    const refusal = this.#entries.find((entry) => entry.refusal !== undefined)?.refusal;
    const unread = this.#nonsense && this.#speaks === undefined ? 'nonsense' : undefined;
    const trouble = refusal ?? this.#trouble ?? unread;
    return { speaks: this.#speaks, mapped, ...(trouble !== undefined && { trouble }) };
  }

  /** Whether nothing is under way that the end would wait for. */
  get idle(): boolean {
    return !this.#entries.some(({ leaving }) => leaving);
  }

  /** What is to be mapped from now on; what else was is taken down. */
  want(ports: readonly WantedPort[], now: number): void {
    for (const entry of this.#entries) if (!ports.some((port) => entry.isFor(port))) this.#leave(entry, now);
    for (const port of ports) {
      const known = this.#entries.find((entry) => entry.isFor(port));
      if (known === undefined) this.#entries.push(new Entry(port, this.#init.random, now));
      else known.stay(now);
    }
    this.#drop();
  }

  /** Asks whether anybody is there, and for nothing. */
  probe(now: number): void {
    if (!this.#entries.some(({ kind }) => kind === 'probe'))
      this.#entries.push(new Entry('probe', this.#init.random, now));
  }

  /** Something has happened to the network: what is mapped is asked for anew. */
  refresh(now: number): void {
    if (this.#speaks === undefined) this.#change('pcp', now);
    for (const entry of this.#entries) entry.again(now);
  }

  /** Takes all of it down. */
  end(now: number): void {
    this.want([], now);
  }

  /** The system says that nothing listens at the router's port. */
  closed(now: number): void {
    this.#rest('closed', now);
  }

  /** When `tick` is to be called; undefined where nothing is waited for. */
  next(): number | undefined {
    const at = Math.min(...this.#entries.map(({ dueAt }) => dueAt));
    return Number.isFinite(at) ? at : undefined;
  }

  tick(now: number): void {
    for (const entry of this.#entries) entry.expire(now);
    const late = this.#entries.some((entry) => entry.dueAt <= now && entry.isUnanswered(this.#dialect));
    if (late) this.#unanswered(now);
    for (const entry of this.#entries) {
      if (entry.dueAt > now) continue;
      this.#out.push(...entry.ask(this.#dialect, this.#init.client, now));
    }
    this.#drop();
  }

  /** What is to be sent. */
  take(): Uint8Array[] {
    return this.#out.splice(0);
  }

  /** @param bytes a datagram that came from the router's port */
  receive(bytes: Uint8Array, now: number): void {
    try {
      if (bytes[0] === PCP_VERSION) this.#pcp(decodePcp(bytes), now);
      else if (bytes[0] === NAT_PMP_VERSION) this.#natPmp(decodeNatPmp(bytes), now);
      else this.#nonsense = true;
    } catch {
      // What can't be read counts as not said; that something came is told where nothing better comes.
      this.#nonsense = true;
    }
    this.#drop();
  }

  #pcp(answer: PcpAnswer, now: number): void {
    if (this.#dialect !== 'pcp') return;
    const { result, map, lifetime } = answer;
    if (result === 'unknown version' || result === 'unknown opcode') {
      this.#change('nat-pmp', now);
      return;
    }
    const entry = this.#entries.find((one) => (map === undefined ? one.kind === 'probe' : isAbout(one, map)));
    if (entry === undefined) return;
    this.#heard('pcp', answer.epoch, entry, now);
    if (map === undefined || entry.leaving) entry.finish();
    else if (result !== 'success') entry.refuse(troubleOf(result), now + between(lifetime * 1_000));
    else if (lifetime === 0) this.#nonsense = true;
    else entry.grant({ host: map.externalHost, port: map.externalPort }, lifetime, now);
  }

  #natPmp(answer: NatPmpAnswer, now: number): void {
    const { about, result, epoch } = answer;
    if (this.#dialect !== 'nat-pmp') {
      if (result === 'unknown version') this.#change('nat-pmp', now);
      return;
    }
    if (about === 'address') {
      const probe = this.#entries.find(({ kind }) => kind === 'probe');
      this.#heard('nat-pmp', epoch, probe, now);
      probe?.finish();
      if (answer.host !== undefined) this.#outside = answer.host;
      return;
    }
    const entry = this.#entries.find(
      (one) => one.kind === about && (answer.map === undefined || one.port === answer.map.internalPort),
    );
    if (entry === undefined) return;
    this.#heard('nat-pmp', epoch, entry, now);
    const { lifetime = 0, externalPort = 0 } = answer.map ?? {};
    if (entry.leaving) entry.finish();
    else if (result !== 'success') entry.refuse(troubleOf(result), now + MOST_AGAIN_MS);
    else if (lifetime === 0) this.#nonsense = true;
    else entry.grant({ host: '', port: externalPort }, lifetime, now);
  }

  #heard(dialect: Dialect, epoch: number, about: Entry | undefined, now: number): void {
    this.#speaks = dialect;
    this.#trouble = undefined;
    if (this.#epochs.isContinued(epoch, now)) return;
    for (const entry of this.#entries) if (entry !== about) entry.again(now);
  }

  #unanswered(now: number): void {
    if (this.#dialect === 'pcp') this.#change('nat-pmp', now);
    else this.#rest(this.#nonsense ? 'nonsense' : 'silent', now);
  }

  #change(dialect: Dialect, now: number): void {
    this.#dialect = dialect;
    this.#epochs.forget();
    for (const entry of this.#entries) entry.again(now);
  }

  #rest(trouble: MappingTrouble, now: number): void {
    if (this.#entries.some(({ isMapped }) => isMapped)) return;
    this.#trouble = trouble;
    this.#speaks = undefined;
    this.#dialect = 'pcp';
    this.#entries = this.#entries.filter(({ leaving, kind }) => !leaving && kind !== 'probe');
    for (const entry of this.#entries) entry.again(now + AGAIN_MS);
  }

  #leave(entry: Entry, now: number): void {
    if (entry.kind !== 'probe') entry.leave(now, this.#speaks !== undefined);
  }

  #drop(): void {
    this.#entries = this.#entries.filter(({ over }) => !over);
  }
}

const isAbout = (entry: Entry, map: NonNullable<PcpAnswer['map']>): boolean =>
  entry.kind === map.protocol && entry.port === map.internalPort && sameBytes(entry.nonce, map.nonce);

function troubleOf(result: PcpResult | NatPmpResult): Refusal {
  if (result === 'full' || result === 'quota') return 'full';
  return result === 'network failure' || result === 'address mismatch' ? 'failed' : 'refused';
}

const between = (ms: number): number => Math.min(MOST_AGAIN_MS, Math.max(LEAST_AGAIN_MS, ms));
