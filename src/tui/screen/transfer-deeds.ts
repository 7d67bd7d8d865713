import type { TransferState } from '../log/entry.js';
import type { ChatModel } from '../model/model.js';
import type { TransferDeed } from './keymap.js';

interface DeedsHost {
  readonly model: ChatModel;
  /** Runs a command as if it had been written. */
  command(line: string): Promise<void>;
  open(id: string): void;
  say(text: string): void;
}

/** Keys for transfers: each does what a command does. */
export class TransferDeeds {
  readonly #host: DeedsHost;

  constructor(host: DeedsHost) {
    this.#host = host;
  }

  /** The newest offer that waits is taken or refused. */
  answer(take: boolean): void {
    const { model, say } = this.#host;
    const offer = model.transfers.waiting(model.selected);
    if (offer === undefined) say('No file is offered at the moment');
    else this.#run(take ? 'accept' : 'decline', offer.id);
  }

  perform(deed: TransferDeed, transfer: TransferState | undefined): void {
    if (transfer === undefined) return;
    const { id, state, conversation } = transfer.event;
    if (deed === 'open') this.#host.open(conversation);
    if (deed === 'take') this.#run('accept', id);
    if (deed === 'refuse') this.#run('decline', id);
    if (deed === 'pause') this.#run(`transfers ${state === 'paused' ? 'resume' : 'pause'}`, id);
    if (deed === 'cancel') this.#run('transfers cancel', id);
    if (deed === 'play') this.#run('play', id);
  }

  #run(command: string, id: string): void {
    void this.#host.command(`/${command} ${id}`);
  }
}
