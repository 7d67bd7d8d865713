import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { hex } from '../../base/bytes.js';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import { closed } from '../failures.js';
import { explain, isPassing, isWrongSequence, unavailable } from './failures.js';

/**
 * What a message expected, written in itself: NATS 2.9 compares the sequence of a subject before servers agree on the
 * message, and so takes several that were on their way at once. Of those that expect the same the first counts; the others
 * stand directly behind it and mean nothing. A subject that is to be empty (0) is compared by each server as it stores.
 */
const EXPECTED = 'P2pchat-Expected';

/** Messages of which it is known that they count. */
const KNOWN = 50_000;

/** One attempt; and all attempts together: longer than the choice of a new leader takes (up to 9 s in NATS 2.9). */
const ATTEMPT_MS = 2_000;
const GIVE_UP_MS = 15_000;
const BETWEEN_MS = 100;

/** The stream has another message for the subject than was expected: nothing was written. */
export class WrongSequence extends Error {}

/** The message was sent before, and nobody can say yet what becomes of it. */
class UnderWay extends Error {}

export interface Publication {
  readonly stream: string;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Sequence of the subject's last message; 0: there is none. */
  readonly expect: number;
  readonly operation?: string;
}

/**
 * Requests to JetStream which are repeated until their outcome is known. Each write has a random id, by which the servers
 * tell a repetition (`Nats-Msg-Id`), so that a lost answer neither loses nor doubles it.
 */
export class Cluster {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly #random: Random;
  readonly #clock: Clock = systemClock;
  readonly #known = new Set<string>();
  #closed = false;
  #asking = 0;
  #onIdle: () => void = () => {};
  #assertMayWrite: () => void = () => {};

  private constructor(connection: NatsConnection, manager: JetStreamManager, random: Random) {
    this.connection = connection;
    this.jetstream = jetstream(connection, { timeout: ATTEMPT_MS });
    this.manager = manager;
    this.#random = random;
  }

  static async over(connection: NatsConnection, random: Random): Promise<Cluster> {
    const manager = await jetstreamManager(connection, { timeout: ATTEMPT_MS, checkAPI: false });
    return new Cluster(connection, manager, random);
  }

  assertOpen(): void {
    if (this.#closed) throw closed();
  }

  /** @param assertMayWrite asked before each attempt to write: what it throws ends the write */
  guardWrites(assertMayWrite: () => void): void {
    this.#assertMayWrite = assertMayWrite;
  }

  /** Nothing more is asked from now on. */
  end(): void {
    this.#closed = true;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    if (this.#asking > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /**
   * @returns the sequence it has in the stream
   * @throws WrongSequence; Failure storage 'store-unavailable', 'disk-full'
   */
  async publish(publication: Publication): Promise<number> {
    const { stream, subject, expect } = publication;
    for (let behind = expect; ; ) {
      try {
        return await this.#publish(publication, behind);
      } catch (error) {
        if (!(error instanceof WrongSequence)) throw error;
        // Behind what is expected something may stand that means nothing.
        const end = await this.#end(stream, subject);
        if (end.counting?.seq !== expect || end.seq === behind) throw error;
        behind = end.seq;
      }
    }
  }

  /** @param behind the sequence of the message which must be the subject's last */
  async #publish(publication: Publication, behind: number): Promise<number> {
    const id = hex(this.#random.bytes(12));
    let attempts = 0;
    return this.ask(async () => {
      this.#assertMayWrite();
      attempts++;
      try {
        const options = this.#options(publication, id, behind);
        const { seq } = await this.jetstream.publish(publication.subject, publication.data, options);
        // The servers know the id of a message that is still under way, and may yet come to nothing (NATS 2.9).
        if (seq === 0) throw new UnderWay();
        const { stream, subject, expect } = publication;
        if (await this.counts(stream, { subject, seq }, expect)) return seq;
        throw new WrongSequence();
      } catch (error) {
        if (!isWrongSequence(error)) throw error;
        if (attempts === 1) throw new WrongSequence();
        return this.#afterAll(publication, id, error);
      }
    });
  }

  /** The last message of a subject that counts, from the stream's leader. */
  async last(stream: string, subject: string): Promise<StoredMsg | undefined> {
    return (await this.#end(stream, subject)).counting;
  }

  /** Forgets the messages of the subject as far as they are known here. */
  async purgeAll(stream: string, { subject, seq }: { subject: string; seq: number }): Promise<void> {
    const end = await this.#end(stream, subject);
    if (end.counting?.seq === seq) await this.purge(stream, subject, end.seq + 1);
  }

  /** The last message that counts, and the sequence of the last that stands there. */
  async #end(stream: string, subject: string): Promise<{ counting: StoredMsg | undefined; seq: number }> {
    const last = await this.#find(stream, { last_by_subj: subject });
    if (last === undefined) return { counting: undefined, seq: 0 };
    const expected = expectedBy(last);
    if (await this.counts(stream, last, expected)) return { counting: last, seq: last.seq };
    for (let from = expected + 1; ; ) {
      const next = await this.#find(stream, { next_by_subj: subject, seq: from });
      if (next === undefined || next.seq >= last.seq) return this.#end(stream, subject);
      if (expectedBy(next) === expected) return { counting: next, seq: last.seq };
      from = next.seq + 1;
    }
  }

  /** The first message of the subject with that sequence or a later one. */
  async next(stream: string, subject: string, seq: number): Promise<StoredMsg | undefined> {
    for (let from = seq; ; ) {
      const next = await this.#find(stream, { next_by_subj: subject, seq: from });
      if (next === undefined || expectedBy(next) === from - 1) return next;
      if (await this.counts(stream, next, expectedBy(next))) return next;
      from = next.seq + 1;
    }
  }

  /** Whether the message is the first of those that expected the same. */
  async counts(stream: string, { subject, seq }: { subject: string; seq: number }, expected: number): Promise<boolean> {
    const id = `${stream}/${seq}`;
    if (expected === 0 || this.#known.has(id)) return true;
    for (let from = expected + 1; from <= seq; ) {
      const next = await this.#find(stream, { next_by_subj: subject, seq: from });
      if (next === undefined || next.seq >= seq) break;
      if (expectedBy(next) === expected) return false;
      from = next.seq + 1;
    }
    this.#known.add(id);
    if (this.#known.size > KNOWN) this.#known.delete(this.#known.values().next().value!);
    return true;
  }

  /** Subjects below the filter which have messages, and how many. */
  async subjects(stream: string, filter: string): Promise<string[]> {
    const { state } = await this.ask(() => this.manager.streams.info(stream, { subjects_filter: filter }));
    return Object.keys(state.subjects ?? {});
  }

  async purge(stream: string, filter: string, before?: number): Promise<void> {
    await this.ask(async () => {
      this.#assertMayWrite();
      await this.manager.streams.purge(stream, { filter, ...(before !== undefined && { seq: before }) });
    });
  }

  /** Repeats what may be repeated until it ends in some other way than by no answer. @throws Failure storage */
  async ask<T>(request: () => Promise<T>): Promise<T> {
    this.assertOpen();
    this.#asking++;
    try {
      return await this.#repeat(request);
    } finally {
      if (--this.#asking === 0) this.#onIdle();
    }
  }

  async #repeat<T>(request: () => Promise<T>): Promise<T> {
    const until = this.#clock.monotonic() + GIVE_UP_MS;
    for (;;) {
      try {
        return await request();
      } catch (error) {
        this.assertOpen();
        if (error instanceof WrongSequence) throw error;
        const passing = error instanceof UnderWay || isPassing(error);
        if (!passing || this.#clock.monotonic() > until) throw explain(error);
        await new Promise<void>((resolve) => void this.#clock.after(BETWEEN_MS, resolve));
      }
    }
  }

  async #find(
    stream: string,
    query: { last_by_subj: string } | { next_by_subj: string; seq: number },
  ): Promise<StoredMsg | undefined> {
    return (await this.ask(() => this.manager.streams.getMessage(stream, query))) ?? undefined;
  }

  /**
   * An earlier attempt got no answer, and now the subject has another sequence: by that attempt, or by somebody else.
   * Where our message is not the latest any more, nobody can tell.
   */
  async #afterAll(publication: Publication, id: string, cause: unknown): Promise<number> {
    const last = await this.last(publication.stream, publication.subject);
    if (last?.header.get('Nats-Msg-Id') === id) return last.seq;
    throw unavailable(cause);
  }

  #options({ expect, operation }: Publication, id: string, behind: number) {
    const own = headers();
    if (operation !== undefined) own.set('KV-Operation', operation);
    if (expect > 0) own.set(EXPECTED, String(expect));
    return {
      msgID: id,
      headers: own,
      timeout: ATTEMPT_MS,
      retries: 1,
      expect: { lastSubjectSequence: behind },
    };
  }
}

/** What the message expected to be the last one before it; 0: none, or that was not written down. */
export const expectedBy = ({ header }: { readonly header: MsgHdrs }): number => Number(header.get(EXPECTED) || 0);
