import type { Cancel, Clock } from '../../base/clock.js';
import type { TransferEvent } from '../api/events.js';
import type { AcceptRule, FilesApi, OfferOptions, Playing, ReceiveOptions, TransferSpeed } from '../api/peer.js';
import { isGroupId } from '../messaging/conversation.js';
import type { AcceptRules } from './accept-rules.js';
import type { TransferManager } from './transfer-manager.js';

export interface FileServiceInit {
  readonly clock: Clock;
  readonly transfers: TransferManager;
  readonly rules: AcceptRules;
  /** @throws Failure usage 'name-invalid', 'send-self' */
  recipient(to: string): string;
}

/** What faces see of the transfers. */
export class FileService implements FilesApi {
  readonly #init: FileServiceInit;

  constructor(init: FileServiceInit) {
    this.#init = init;
  }

  async offer(to: string, paths: readonly string[], options: OfferOptions = {}): Promise<readonly TransferEvent[]> {
    if (isGroupId(to)) return this.#init.transfers.offerToGroup(to, paths, options);
    return [await this.#init.transfers.offer(this.#init.recipient(to), paths, options)];
  }

  async reached(id: string, timeout: number): Promise<boolean> {
    let cancel: Cancel = () => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.#init.clock.after(timeout, () => resolve(false), 'process');
    });
    const reached = this.#init.transfers.reached(id).then(() => true);
    return Promise.race([reached, late]).finally(() => cancel());
  }

  follow(listener: (event: TransferEvent) => void): () => void {
    return this.#init.transfers.follow(listener);
  }

  list(): readonly TransferEvent[] {
    return this.#init.transfers.list();
  }

  accept(id?: string, folder?: string): Promise<TransferEvent> {
    return this.#init.transfers.accept(id, folder);
  }

  decline(id?: string): Promise<TransferEvent> {
    return this.#init.transfers.decline(id);
  }

  control(id: string, step: 'pause' | 'resume' | 'cancel'): Promise<TransferEvent> {
    return this.#init.transfers.control(id, step);
  }

  leave(id: string): Promise<TransferEvent> {
    return this.#init.transfers.leave(id);
  }

  receive(options: ReceiveOptions): void {
    this.#init.rules.receive(options);
    this.#init.transfers.welcomeWaiting();
    if (options.seeds === true) this.#init.transfers.seeds.begin();
    if (options.accept !== undefined && options.accept !== 'none') this.#init.transfers.warm();
  }

  setRule(rule: AcceptRule): Promise<void> {
    return this.#init.rules.set(rule);
  }

  rules(): Promise<readonly AcceptRule[]> {
    return this.#init.rules.list();
  }

  speed(): Promise<TransferSpeed> {
    return this.#init.transfers.speeds.get();
  }

  setSpeed(speed: TransferSpeed): Promise<void> {
    return this.#init.transfers.speeds.set(speed);
  }

  play(id: string, file = 0): Promise<Playing> {
    return this.#init.transfers.play(id, file);
  }
}
