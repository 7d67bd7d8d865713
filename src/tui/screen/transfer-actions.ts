import type { TransferState } from '../log/entry.js';
import type { ChatModel } from '../model/model.js';
import type { TransferAction } from './keymap.js';

interface ActionsHost {
  readonly model: ChatModel;
  /** Runs a command as if it had been written. */
  command(line: string): Promise<void>;
  open(id: string): void;
  say(text: string): void;
}

/** Keys for transfers: each does what a command does. */
export class TransferActions {
  readonly #host: ActionsHost;

  constructor(host: ActionsHost) {
    this.#host = host;
  }

  /** The newest offer that waits is taken or refused. */
  answer(take: boolean): void {
    const { model, say } = this.#host;
    const offer = model.transfers.waiting(model.selected);
    if (offer === undefined) say('No file is offered at the moment');
    else this.#run(take ? 'accept' : 'decline', offer.id);
  }

  perform(action: TransferAction, transfer: TransferState | undefined): void {
    if (transfer === undefined) return;
    const { id, state, conversation } = transfer.event;
    if (action === 'open') this.#host.open(conversation);
    if (action === 'take') this.#run('accept', id);
    if (action === 'refuse') this.#run('decline', id);
    if (action === 'pause') this.#run(`transfers ${state === 'paused' ? 'resume' : 'pause'}`, id);
    if (action === 'cancel') this.#run('transfers cancel', id);
    if (action === 'play') this.#run('play', id);
  }

  #run(command: string, id: string): void {
    void this.#host.command(`/${command} ${id}`);
  }
}
