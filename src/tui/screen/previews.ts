import type { Entry } from '../log/entry.js';
import type { Picture } from '../log/picture.js';
import type { Conversation } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';

/** A small picture of the file at a path; undefined where there is none to be had. Never rejects. */
export type PreviewMaker = (path: string) => Promise<Picture | undefined>;

const SHOWN = /\.(?:png|jpe?g|gif|webp|bmp|mp4|m4v|mov|mkv|webm|avi)$/i;
/** So far back pictures are made: the rest is made when it is read again. */
const LOOKED_AT = 30;

/**
 * A file that is here, because the person sends it, or has accepted or fetched it, and is a picture or a film by its name.
 * What somebody only offers is never opened.
 */
function pathOf({ transfer, uploadState }: Entry): string | undefined {
  const { direction, state, files } = transfer?.event ?? { files: [] };
  const here = direction === 'out' || state === 'done' ? files : [];
  const path = here.length === 1 ? here[0]?.path : uploadState?.state === 'done' ? uploadState.path : undefined;
  return path !== undefined && SHOWN.test(path) ? path : undefined;
}

/** Has pictures made of the newest files of a conversation, one after the other, each once. */
export class Previews {
  readonly #model: ChatModel;
  readonly #make: PreviewMaker | undefined;
  readonly #changed: () => void;
  readonly #asked = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  constructor(model: ChatModel, make: PreviewMaker | undefined, changed: () => void) {
    this.#model = model;
    this.#make = make;
    this.#changed = changed;
  }

  want({ id, log }: Conversation): void {
    if (this.#make === undefined) return;
    for (let at = log.length - 1; at >= Math.max(0, log.length - LOOKED_AT); at--) {
      const entry = log.at(at)!;
      const path = pathOf(entry);
      if (path === undefined || this.#asked.has(path)) continue;
      this.#asked.add(path);
      this.#last = this.#last.then(() => this.#one(id, entry.id, path));
    }
  }

  async #one(conversation: string, entry: string, path: string): Promise<void> {
    const picture = await this.#make!(path).catch(() => undefined);
    if (picture === undefined) return;
    this.#model.conversation(conversation).log.replace(entry, (before) => ({ ...before, picture }));
    this.#changed();
  }
}
