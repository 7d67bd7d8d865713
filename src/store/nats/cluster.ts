import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { hex } from '../../base/bytes.js';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import { closed } from '../failures.js';
import { explain, isPassing, isWrongSequence, unavailable } from './failures.js';

/** One attempt; and all attempts together: longer than the choice of a new leader takes (up to 9 s in NATS 2.9). */
const ATTEMPT_MS = 2_000;
const GIVE_UP_MS = 15_000;
const BETWEEN_MS = 100;

/** The stream has another message for the subject than was expected: nothing was written. */
export class WrongSequence extends Error {}

export interface Publication {
  readonly stream: string;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Sequence of the subject's last message; 0: there is none. */
  readonly expect?: number;
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
    const id = hex(this.#random.bytes(12));
    let attempts = 0;
    return this.ask(async () => {
      this.#assertMayWrite();
      attempts++;
      try {
        return (await this.jetstream.publish(publication.subject, publication.data, this.#options(publication, id)))
          .seq;
      } catch (error) {
        if (!isWrongSequence(error)) throw error;
        if (attempts === 1) throw new WrongSequence();
        return this.#afterAll(publication, id, error);
      }
    });
  }

  /** The last message of a subject, from the stream's leader. */
  last(stream: string, subject: string): Promise<StoredMsg | undefined> {
    return this.#find(stream, { last_by_subj: subject });
  }

  /** The first message of the subject with that sequence or a later one. */
  next(stream: string, subject: string, seq: number): Promise<StoredMsg | undefined> {
    return this.#find(stream, { next_by_subj: subject, seq });
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
        if (!isPassing(error) || this.#clock.monotonic() > until) throw explain(error);
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
  async #afterAll({ stream, subject }: Publication, id: string, cause: unknown): Promise<number> {
    const last = await this.last(stream, subject);
    if (last?.header.get('Nats-Msg-Id') === id) return last.seq;
    throw unavailable(cause);
  }

  #options({ expect, operation }: Publication, id: string) {
    const own = headers();
    if (operation !== undefined) own.set('KV-Operation', operation);
    return {
      msgID: id,
      headers: own,
      timeout: ATTEMPT_MS,
      retries: 1,
      ...(expect !== undefined && { expect: { lastSubjectSequence: expect } }),
    };
  }
}
