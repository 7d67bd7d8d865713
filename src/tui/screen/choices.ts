import type { HistoryMessage, PeerApi } from '../../peer/api/peer.js';
import { cleanLine } from '../../wire/text.js';
import type { CommandInfo } from '../commands.js';
import type { Entry } from '../log/entry.js';
import { type Thread, threadsOf } from '../log/threads.js';
import { type Conversation, HOME, mentions } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';
import { shortTime } from '../paint/log.js';
import type { Choice } from '../paint/picker.js';
import type { Picker } from './picker.js';

interface ChoicesHost {
  readonly peer: PeerApi;
  readonly model: ChatModel;
  readonly commands: readonly CommandInfo[];
  readonly picker: Picker;
  open(conversation: string): void;
  /** Opens a conversation at one of its messages. */
  jump(conversation: string, message: string): void;
  /** Puts the beginning of a command into the line. */
  write(command: string): void;
  failed(error: unknown): void;
  changed(): void;
}

const MENTIONS = 500;

/** What Ctrl+K, Alt+U, Alt+M and Alt+T give to choose from. */
export class Choices {
  readonly #host: ChoicesHost;

  constructor(host: ChoicesHost) {
    this.#host = host;
  }

  /** Every conversation, person and command. */
  everything(): void {
    const all = [...this.#conversations(), ...this.#people(), ...this.#commands()];
    this.#host.picker.open('Go to', all, 'Nothing has these letters. Esc closes.');
  }

  /** Conversations with something unread. */
  unread(): void {
    const unread = this.#conversations(({ unread }) => unread > 0);
    this.#host.picker.open('Unread', unread, 'Nothing is unread. Esc closes.');
  }

  /** What names this person, newest first, in all conversations. */
  async mentions(): Promise<void> {
    const { peer, model, picker, changed, failed } = this.#host;
    try {
      const found = await peer.search({ words: peer.user, limit: MENTIONS });
      const named = found.filter(({ from, text }) => from !== peer.user && mentions(text, model.user));
      const newest = named.sort((a, b) => (a.sentAt < b.sentAt ? 1 : -1));
      picker.open(
        'Mentions',
        newest.map((message) => this.#mention(message)),
        'Nobody has named you yet. Esc closes.',
      );
    } catch (error) {
      failed(error);
    }
    changed();
  }

  /** What was answered in the open conversation; choosing one shows the whole of it. */
  threads(): void {
    const { model, picker } = this.#host;
    const choices = threadsOf(model.current.log).map((thread): Choice => {
      const [first] = thread;
      return {
        ...this.#line(first!),
        mark: { text: `${thread.length - 1} ↩`, style: 'unread' },
        choose: () => this.#thread(thread),
      };
    });
    picker.open('Threads', choices, 'Nothing has been answered here: Alt+R answers. Esc closes.');
  }

  #thread(thread: Thread): void {
    const { model, picker, jump } = this.#host;
    const id = model.selected;
    const choices = thread.map((entry) => ({ ...this.#line(entry), choose: () => jump(id, entry.id) }));
    picker.open('Thread', choices, '');
  }

  #line({ from, text, at }: Entry): Choice {
    const said = cleanLine(text);
    return {
      label: from,
      detail: said,
      letters: `${from} ${said}`,
      mark: { text: shortTime(at), style: 'dim' },
      choose: () => {},
    };
  }

  #mention({ id, conversation, from, text, sentAt }: HistoryMessage): Choice {
    const at = Date.parse(sentAt);
    const label = `${cleanLine(conversation)} · ${cleanLine(from)}`;
    const said = cleanLine(text);
    return {
      ...{ label, detail: said, letters: `${label} ${said}` },
      mark: { text: shortTime(at), style: 'dim' },
      choose: () => this.#host.jump(conversation, id),
    };
  }

  /** What calls first, then what was open last; the one that is open stands at the end. */
  #conversations(wanted: (conversation: Conversation) => boolean = () => true): Choice[] {
    const { model, open } = this.#host;
    const urgency = (one: Conversation): number =>
      one.id === model.selected ? -1 : one.mentions > 0 ? 3 : one.unread > 0 ? 2 : one.draft === '' ? 0 : 1;
    return model.order
      .filter(wanted)
      .sort((a, b) => urgency(b) - urgency(a) || b.openedAt - a.openedAt)
      .map((one) => ({
        label: one.id === HOME ? 'p2pchat' : one.id,
        detail: detailOf(one),
        ...markOf(one),
        choose: () => open(one.id),
      }));
  }

  #people(): Choice[] {
    const { model, open } = this.#host;
    const others = model.people.names.filter((user) => !model.conversations.has(`@${user}`)).sort();
    return others.map((user) => ({
      label: `@${user}`,
      detail: model.people.get(user)?.presence ?? '',
      choose: () => open(`@${user}`),
    }));
  }

  #commands(): Choice[] {
    const { commands, write } = this.#host;
    return commands.map(({ name, about }) => ({
      label: `/${name}`,
      detail: about,
      onlyTyped: true as const,
      choose: () => write(`/${name} `),
    }));
  }
}

const detailOf = ({ number, draft, muted }: Conversation): string =>
  [
    number > 0 && number < 10 ? `Alt+${number}` : '',
    muted ? 'muted' : '',
    draft === '' ? '' : `draft: ${cleanLine(draft)}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');

function markOf({ unread, mentions: named }: Conversation): Pick<Choice, 'mark'> {
  if (named > 0) return { mark: { text: `@${unread}`, style: 'mention' } };
  return unread > 0 ? { mark: { text: String(unread), style: 'unread' } } : {};
}
