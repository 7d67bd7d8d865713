import { type Failure, toFailure } from '../base/errors.js';
import type { Scope } from '../base/scope.js';
import { follow } from '../commands/follow-transfer.js';
import type { DeliveryState, MessageEvent, PeerEvent, TransferEvent } from '../peer/api/events.js';
import type { GroupsApi } from '../peer/api/groups.js';
import type { FilesApi, OfferOptions, PeerApi, SendResult } from '../peer/api/peer.js';

export type EventName = PeerEvent['event'];
export type EventOf<N extends EventName> = Extract<PeerEvent, { readonly event: N }>;

export interface SendOptions {
  /** How far it must have come before `send` resolves; `queued`, on this disk, by default. */
  readonly wait?: DeliveryState;
  /** Milliseconds to wait for that; 30,000 by default. */
  readonly timeout?: number;
}

export interface SendFilesOptions extends OfferOptions {
  /** Milliseconds until it is given up; as long as it takes by default. */
  readonly timeout?: number;
}

const PATIENCE_MS = 30_000;

/**
 * A running device of an account, for a program. What it does not shorten is in `peer`, which is what the chat itself
 * stands on.
 */
export class Bot {
  readonly peer: PeerApi;
  readonly #scope: Scope;
  readonly #onError: (failure: Failure, event: PeerEvent) => void;

  /** @internal `openBot` makes them */
  constructor(peer: PeerApi, scope: Scope, onError: (failure: Failure, event: PeerEvent) => void) {
    this.peer = peer;
    this.#scope = scope;
    this.#onError = onError;
  }

  get user(): string {
    return this.peer.user;
  }

  get groups(): GroupsApi {
    return this.peer.groups;
  }

  /** Offers, rules and transfers; `sendFiles` is the short way to send. */
  get files(): FilesApi {
    return this.peer.files;
  }

  /**
   * Calls the handler for every event of that name from now on; it may return a promise, and what that is rejected with
   * goes to `onError`. The messages of one's own other devices are among the events: compare `from` with `user`.
   * @returns what ends it
   */
  on<N extends EventName>(name: N, handler: (event: EventOf<N>) => unknown): () => void {
    const isOurs = (event: PeerEvent): event is EventOf<N> => event.event === name;
    return this.peer.subscribe((event) => {
      if (isOurs(event)) void this.#run(handler, event);
    });
  }

  /**
   * Hands over the messages that came while nobody was watching, oldest first and marked `history`: call it once the
   * handlers are set. What was handed over before a crash is not handed over again.
   */
  start(): Promise<void> {
    return this.peer.replayUnseen();
  }

  /**
   * @param to `@user`, `user` or `#group`
   * @returns the state it has reached, which after `timeout` may be less than was waited for
   * @throws Failure usage 'name-invalid', 'send-self'; unknown 'user-unknown'; denied 'not-a-member', and so on
   */
  async send(
    to: string,
    text: string,
    { wait = 'queued', timeout = PATIENCE_MS }: SendOptions = {},
  ): Promise<SendResult> {
    const sent = await this.peer.send(to, text);
    return wait === 'queued' ? sent : this.peer.waitFor(sent.id, wait, timeout);
  }

  /** Answers where the message was said: to the person, or to the group. */
  answer({ conversation }: MessageEvent, text: string): Promise<SendResult> {
    return this.send(conversation, text);
  }

  /**
   * Sends files and folders; resolves when the receiver has verified all of it.
   * @param paths absolute
   * @throws Failure transfer where it was declined or failed, or the time is over
   */
  async sendFiles(
    to: string,
    paths: readonly string[],
    { timeout, ...options }: SendFilesOptions = {},
  ): Promise<readonly TransferEvent[]> {
    const last = new Map<string, TransferEvent>();
    const begin = (): Promise<readonly TransferEvent[]> => this.peer.files.offer(to, paths, options);
    for await (const event of follow(this.peer, { begin, timeout })) last.set(event.id, event);
    return [...last.values()];
  }

  /** Resolves when it has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.peer.ended;
  }

  /** Sends what can be sent at once, then releases everything. Idempotent. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  async #run<E extends PeerEvent>(handler: (event: E) => unknown, event: E): Promise<void> {
    try {
      await handler(event);
    } catch (error) {
      this.#onError(toFailure(error), event);
    }
  }
}
