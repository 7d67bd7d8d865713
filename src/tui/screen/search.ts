import type { PeerApi } from '../../peer/api/peer.js';
import { Editor } from '../editor/editor.js';
import type { ViewStyle } from '../log/view.js';
import type { Conversation } from '../model/conversation.js';
import type { SearchState } from '../paint/scene.js';
import type { Loader } from './loader.js';

interface SearchHost {
  conversation(): Conversation;
  window(): { readonly height: number; readonly style: ViewStyle };
  failed(error: unknown): void;
  changed(): void;
}

/** Searching the open conversation: by the peer's index, shown in the log where the messages stand. */
export class Search {
  readonly #peer: PeerApi;
  readonly #loader: Loader;
  readonly #host: SearchHost;
  #state: SearchState | undefined;

  constructor(peer: PeerApi, loader: Loader, host: SearchHost) {
    this.#peer = peer;
    this.#loader = loader;
    this.#host = host;
  }

  /** Undefined while nothing is searched. */
  get state(): SearchState | undefined {
    return this.#state;
  }

  begin(): void {
    this.#state = { editor: new Editor({ oneLine: true }), found: undefined, at: 0 };
  }

  /** Closes the search where it stands. */
  close(): void {
    this.#state = undefined;
  }

  /** Closes the search and returns to the newest. */
  end(): void {
    this.close();
    this.#host.conversation().view.toEnd();
  }

  /** Looks for what is written, and shows the newest place. */
  async find(): Promise<void> {
    const search = this.#state;
    const words = search?.editor.text.trim() ?? '';
    if (search === undefined || words === '') return;
    try {
      const found = await this.#peer.search({ words, conversation: this.#host.conversation().id });
      if (this.#state?.editor !== search.editor) return;
      const ids = Array.from(found)
        .sort((a, b) => (a.sentAt < b.sentAt ? -1 : 1))
        .map(({ id }) => id);
      this.#state = { ...search, found: ids, at: ids.length - 1 };
      await this.#show();
    } catch (error) {
      this.#host.failed(error);
    }
    this.#host.changed();
  }

  /** The next older (-1) or newer (1) place found. */
  async step(by: number): Promise<void> {
    const search = this.#state;
    if (search?.found === undefined || search.found.length === 0) return;
    this.#state = { ...search, at: Math.max(0, Math.min(search.found.length - 1, search.at + by)) };
    await this.#show();
    this.#host.changed();
  }

  async #show(): Promise<void> {
    const search = this.#state;
    const id = search?.found?.[search.at];
    const conversation = this.#host.conversation();
    if (id === undefined) return;
    await this.#loader.until(conversation, id);
    const { height, style } = this.#host.window();
    conversation.view.show(id, height, style);
  }
}
