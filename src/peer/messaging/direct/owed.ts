import { sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import type { Step } from '../../../store/local.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { MAIL_KEPT_MS } from '../../../wire/limits.js';
import type { OutboxRow, OwedRow, Tables } from '../../storage/tables.js';
import { ByUser } from '../by-user.js';

/** What is kept in memory of one: the content stays on the disk. */
type Debt = Omit<OwedRow, 'content'>;

/**
 * What was said while a device could not be added to its conversation: kept until it can be, and sealed for it then. As
 * long as a mailbox would keep it, and no longer than the device belongs to the conversation.
 */
export class Owed {
  readonly #tables: Tables;
  readonly #clock: Clock;
  /** By the folded name of the other person, oldest first. */
  readonly #debts = new ByUser<Debt>();

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    for await (const { content: _, ...debt } of this.#tables.owed.range(['all'])) this.#debts.of(debt.user).push(debt);
  }

  users(): string[] {
    return this.#debts.users();
  }

  isOwed(user: string): boolean {
    return this.#debts.of(user).length > 0;
  }

  /** @returns steps to be written with the message */
  add({ order, id, user, content }: OutboxRow, devices: readonly DeviceAddress[]): Step[] {
    const debts = this.#debts.of(user);
    if (devices.length === 0 || debts.some((debt) => sameBytes(debt.id, id))) return [];
    const debt = { order, id, user, devices: [...devices], at: this.#clock.now() };
    debts.push(debt);
    return [this.#tables.owed.put(['all', order], { ...debt, content })];
  }

  /**
   * What devices that are inside now still lack.
   * @param lacking those that belong in the conversation and are not inside
   */
  async due(user: string, inside: readonly DeviceAddress[], lacking: readonly DeviceAddress[]): Promise<Due[]> {
    const due: Due[] = [];
    for (const debt of this.#debts.of(user)) {
      const row = await this.#tables.owed.get('all', debt.order);
      const isOver = row === undefined || this.#clock.now() - debt.at > MAIL_KEPT_MS;
      const left = isOver ? [] : debt.devices.filter(({ device }) => lacking.some((one) => one.device === device));
      const devices = isOver ? [] : debt.devices.filter(({ device }) => inside.some((one) => one.device === device));
      if (left.length < debt.devices.length) due.push({ debt, left, devices, content: row?.content });
    }
    return due;
  }

  /** It is sealed for those who could take it. @returns steps to be written with that */
  settle({ debt, left, content }: Due): Step[] {
    const debts = this.#debts.of(debt.user);
    const at = debts.indexOf(debt);
    if (at < 0) return [];
    if (left.length === 0 || content === undefined) {
      debts.splice(at, 1);
      return [this.#tables.owed.remove(['all', debt.order])];
    }
    debts[at] = { ...debt, devices: [...left] };
    return [this.#tables.owed.put(['all', debt.order], { ...debts[at], content })];
  }

  /** The message is not to be sent any more. */
  withdraw(id: Uint8Array, user: string): Step[] {
    const debts = this.#debts.of(user);
    const at = debts.findIndex((debt) => sameBytes(debt.id, id));
    if (at < 0) return [];
    return debts.splice(at, 1).map(({ order }) => this.#tables.owed.remove(['all', order]));
  }

  /** Nothing is owed them any more. */
  drop(user: string): Step[] {
    return this.#debts
      .of(user)
      .splice(0)
      .map(({ order }) => this.#tables.owed.remove(['all', order]));
  }
}

/** A message that some of those who lack it can take now, or nobody needs any more. */
export interface Due {
  readonly debt: Debt;
  /** Who lacks it still. */
  readonly left: readonly DeviceAddress[];
  /** For whom it is to be sealed now. */
  readonly devices: readonly DeviceAddress[];
  readonly content: Uint8Array | undefined;
}
