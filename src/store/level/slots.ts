/**
 * The newest known state of keys and logs which someone is writing, on disk or on the way there. Compare-and-set is
 * decided against it at once; the disk is asked only for what is not known.
 */
export class Slots<T> {
  readonly #slots = new Map<string, Slot<T>>();
  /** Those of `#slots` which nobody holds, the longest unused first. */
  readonly #idle = new Set<Slot<T>>();
  readonly #load: (id: string) => Promise<T>;
  readonly #keep: number;

  /** @param keep how many to remember while nobody holds them */
  constructor(load: (id: string) => Promise<T>, keep: number) {
    this.#load = load;
    this.#keep = keep;
  }

  /** Until released, the slot stays and every holder of this id gets the same. */
  hold(id: string): Slot<T> {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = { id, users: 0, state: undefined, loading: undefined, undecided: undefined };
      this.#slots.set(id, slot);
    }
    slot.users++;
    this.#idle.delete(slot);
    return slot;
  }

  release(slot: Slot<T>): void {
    if (--slot.users > 0) return;
    this.#idle.add(slot);
    if (this.#idle.size <= this.#keep) return;
    const [oldest] = this.#idle;
    this.#idle.delete(oldest!);
    this.#slots.delete(oldest!.id);
  }

  /** Resolves when `slot.state` is known. Nobody decides on a slot while others wait for its state (`undecided`). */
  ready(slot: Slot<T>): Promise<void> {
    slot.loading ??= this.#fill(slot).finally(() => {
      slot.loading = undefined;
    });
    return slot.loading;
  }

  async #fill(slot: Slot<T>): Promise<void> {
    slot.state = await this.#load(slot.id);
  }
}

export interface Slot<T> {
  readonly id: string;
  users: number;
  state: T | undefined;
  loading: Promise<void> | undefined;
  /** Ends when the last one who must wait before judging has judged: who comes later waits for it. */
  undecided: Promise<void> | undefined;
}
