import type { Cancel, Clock } from '../../base/clock.js';
import type { TransferEvent } from '../api/events.js';
import type { AcceptRule, FilesApi, OfferOptions, Playing, ReceiveOptions, TransferSpeed } from '../api/peer.js';
import { isGroupId } from '../messaging/conversation.js';
import type { AcceptRules } from './accept-rules.js';
import type { TransferManager } from './transfer-manager.js';

/** What faces see of the transfers. */
export class FileService implements FilesApi {
  readonly #clock: Clock;
  readonly #desk: TransferManager;
  readonly #rules: AcceptRules;
  readonly #addressee: (to: string) => string;

  constructor(clock: Clock, desk: TransferManager, rules: AcceptRules, addressee: (to: string) => string) {
    this.#clock = clock;
    this.#desk = desk;
    this.#rules = rules;
    this.#addressee = addressee;
  }

  async offer(to: string, paths: readonly string[], options: OfferOptions = {}): Promise<readonly TransferEvent[]> {
    if (isGroupId(to)) return this.#desk.offerToGroup(to, paths, options);
    return [await this.#desk.offer(this.#addressee(to), paths, options)];
  }

  async reached(id: string, timeout: number): Promise<boolean> {
    let cancel: Cancel = () => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.#clock.after(timeout, () => resolve(false), 'process');
    });
    const reached = this.#desk.reached(id).then(() => true);
    return Promise.race([reached, late]).finally(() => cancel());
  }

  follow(listener: (event: TransferEvent) => void): () => void {
    return this.#desk.follow(listener);
  }

  list(): readonly TransferEvent[] {
    return this.#desk.list();
  }

  accept(id?: string, folder?: string): Promise<TransferEvent> {
    return this.#desk.accept(id, folder);
  }

  decline(id?: string): Promise<TransferEvent> {
    return this.#desk.decline(id);
  }

  control(id: string, step: 'pause' | 'resume' | 'cancel'): Promise<TransferEvent> {
    return this.#desk.control(id, step);
  }

  receive(options: ReceiveOptions): void {
    this.#rules.receive(options);
    this.#desk.welcomeWaiting();
    if (options.accept !== undefined && options.accept !== 'none') this.#desk.warm();
  }

  setRule(rule: AcceptRule): Promise<void> {
    return this.#rules.set(rule);
  }

  rules(): Promise<readonly AcceptRule[]> {
    return this.#rules.list();
  }

  speed(): Promise<TransferSpeed> {
    return this.#desk.speeds.get();
  }

  setSpeed(speed: TransferSpeed): Promise<void> {
    return this.#desk.speeds.set(speed);
  }

  play(id: string, file = 0): Promise<Playing> {
    return this.#desk.play(id, file);
  }
}
