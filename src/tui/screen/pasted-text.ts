import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { PeerEvent } from '../../peer/api/events.js';
import type { PeerApi } from '../../peer/api/peer.js';
import type { ChatModel } from '../model/model.js';

/** Text that is sent as a file needs one for as long as it is on its way, also across restarts. */
export interface PastedFiles {
  /** Puts a text into a file of its own. @returns its absolute path */
  write(text: string): string;
  /** It goes by this transfer or upload. */
  goesBy(path: string, id: string): void;
  /** That transfer or upload has brought it there, or never will. */
  over(id: string): void;
}

interface PastedTextInit {
  readonly peer: PeerApi;
  readonly model: ChatModel;
  readonly clock: Clock;
  readonly files: PastedFiles;
  /** Nothing could be done with it: it goes back into the line. */
  giveBack(text: string): void;
  changed(): void;
}

/** What is too long for a message goes as `paste.txt`: to a person straight, to a group by one upload for all. */
export class PastedText {
  readonly #init: PastedTextInit;

  constructor(init: PastedTextInit) {
    this.#init = init;
  }

  /** Never rejects: what fails is said in the log, and the text is in the file that is named there. */
  async send(conversation: string, text: string): Promise<void> {
    const { peer, model, clock, files, giveBack, changed } = this.#init;
    let path: string | undefined;
    try {
      path = files.write(text);
      const group = conversation.startsWith('#');
      const ways = group ? [await peer.uploads.send(conversation, path)] : await peer.files.offer(conversation, [path]);
      for (const { id } of ways) files.goesBy(path, id);
    } catch (error) {
      model.fail(toFailure(error), clock.now(), conversation);
      // Not a character is lost: it is where it can be sent from again.
      if (path === undefined) giveBack(text);
      else model.notice(`What you pasted is in ${path}`, clock.now(), { conversation });
    }
    changed();
  }

  /** Files are removed once they aren't needed; what failed can be taken up again, and stays. */
  told(event: PeerEvent): void {
    const { files } = this.#init;
    if (event.event === 'transfer' && (event.state === 'done' || event.state === 'declined')) files.over(event.id);
    if (event.event === 'upload' && event.state === 'stored') files.over(event.id);
  }
}
