import { HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';

interface NavigationHost {
  readonly model: ChatModel;
  open(id: string): void;
  say(text: string): void;
}

/** From one conversation to another, in the order in which they stand at the left. */
export class Navigation {
  readonly #host: NavigationHost;

  constructor(host: NavigationHost) {
    this.#host = host;
  }

  get #place(): number {
    const { order, selected } = this.#host.model;
    return order.findIndex(({ id }) => id === selected);
  }

  /** The conversation `by` places below the open one. */
  step(by: number): void {
    const { order } = this.#host.model;
    this.#host.open(order[(this.#place + by + order.length) % order.length]!.id);
  }

  /** The conversation with that number; 0 is the program's own page. */
  to(number: number): void {
    const found = this.#host.model.numbers.at(number);
    if (found) this.#host.open(found.id);
    else this.#host.say(`No conversation has the number ${number}: /number ${number} gives it to the open one`);
  }

  /** The open conversation gets that number, and keeps it. */
  number(number: number): void {
    const { model, say } = this.#host;
    if (model.selected === HOME) say('This page has the number 0, always');
    else {
      model.numbers.give(model.current, number);
      say(`Alt+${number} opens ${model.selected} from now on`);
    }
  }

  /** The next with something unread; where one is named, before all others. */
  unread(): void {
    const { order } = this.#host.model;
    const turned = [...order.slice(this.#place + 1), ...order.slice(0, this.#place)];
    const found = turned.find(({ mentions }) => mentions > 0) ?? turned.find(({ unread }) => unread > 0);
    if (found) this.#host.open(found.id);
    else this.#host.say('Nothing is unread');
  }

  /** The first group one is in, if there is one. */
  room(): void {
    const room = this.#host.model.groups.list.find(({ state }) => state === 'member');
    if (room) this.#host.open(room.id);
  }

  /** Takes the open conversation out of the list, until something comes in it. */
  close(): void {
    const { model } = this.#host;
    const id = model.selected;
    if (id === HOME) return;
    this.step(-1);
    model.conversations.delete(id);
  }
}
