import { hex } from '../../../base/bytes.js';
import { Failure, toFailure } from '../../../base/errors.js';
import { randomBelow } from '../../../base/random.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { LogFollower } from './log-follower.js';
import { isBroken } from './membership.js';

const CLEAN_STEP_MS = 60;
const CLEAN_LATEST_MS = 1_500;
/** A Welcome comes right after the act that adds somebody; later than this it does not come. */
const WELCOME_WAIT_MS = 3_000;
const REENTER_MS = 500;
const OWN_WITHIN_MS = 300;
const RENEW_AFTER_MS = 500;
const RENEW_STEP_MS = 1_500;

interface GroupJoinerInit extends GroupContext {
  readonly follower: LogFollower;
  /** Sends what waits for this device to be inside. */
  flush(group: Group): void;
}

/** How this device comes inside the MLS group of a named group, and how who has to go is put out of it. */
export class GroupJoiner {
  readonly #init: GroupJoinerInit;
  readonly #awaited = new Set<string>();
  readonly #renewing = new Set<string>();

  constructor(init: GroupJoinerInit) {
    this.#init = init;
  }

  /** Comes inside; where nobody can, the group's keys begin anew before long. */
  async enter(group: Group): Promise<void> {
    // Who comes in by himself now would speak to nobody who still waits for the Welcome.
    if (this.#welcomeIsNear(group) && group.roster.history !== 'shared') throw renewing(group, undefined);
    try {
      if (group.broken) throw unfollowed(group);
      await this.#init.follower.membership.enter(group);
    } catch (error) {
      if (!isBroken(error)) throw error;
      this.#considerRenewal(group);
      throw renewing(group, error);
    }
    // Before anything is said that they should be able to read.
    await this.#addOwn(group).catch((error: unknown) => this.#init.report('', error));
  }

  /** Follows the log, and comes inside where this device should be. */
  async follow(group: Group): Promise<void> {
    const { follower, self } = this.#init;
    await follower.catchUp(group);
    if (group.mls === undefined && group.roster.isMember(self.user)) this.awaitWelcome(group);
  }

  /** Another member has just begun the keys anew. */
  #welcomeIsNear({ renewedAt }: Group): boolean {
    return renewedAt !== undefined && this.#init.clock.monotonic() - renewedAt < WELCOME_WAIT_MS;
  }

  /** Members don't all do it at once; who finds the way in by then leaves it. */
  #considerRenewal(group: Group): void {
    const name = hex(group.id);
    const { clock, scope, random, enqueue, report } = this.#init;
    if (this.#renewing.has(name)) return;
    this.#renewing.add(name);
    const renew = async (): Promise<void> => {
      try {
        await this.#init.follower.catchUp(group);
        if (group.mls !== undefined || this.#welcomeIsNear(group)) return;
        if (group.broken) throw unfollowed(group);
        await this.#init.follower.membership.enter(group);
      } catch (error) {
        if (!isBroken(error)) throw error;
        await this.#init.follower.membership.renew(group);
      }
    };
    scope.after(clock, RENEW_AFTER_MS + randomBelow(random, RENEW_STEP_MS), () => {
      this.#renewing.delete(name);
      if (scope.closed || !this.#init.isOnline()) return;
      scope.run(
        () => enqueue(group, renew).then(() => this.#init.flush(group)),
        (error) => toFailure(error).reason !== 'unreachable' && report('', error),
      );
    });
  }

  /** Whoever adds this device leaves a Welcome in a moment; without one it comes in by itself. */
  awaitWelcome(group: Group): void {
    const name = hex(group.id);
    const { clock, scope, enqueue, report } = this.#init;
    if (this.#awaited.has(name)) return;
    this.#awaited.add(name);
    // Who was inside before waits for no Welcome.
    const alone = group.row.entered > 0 && group.renewedAt === undefined;
    const wait = alone || group.roster.kind === 'open' ? randomBelow(this.#init.random, REENTER_MS) : WELCOME_WAIT_MS;
    scope.after(clock, wait, () => {
      this.#awaited.delete(name);
      if (group.mls !== undefined || scope.closed || !this.#init.isOnline()) return;
      scope.run(
        () => enqueue(group, () => this.enter(group)),
        (error) => toFailure(error).reason !== 'unreachable' && report('', error),
      );
    });
  }

  /** Of a group whose history is not shared each device needs its own keys from the beginning: those that are off get them now. */
  considerOwn(group: Group): void {
    if (group.mls === undefined || group.roster.history === 'shared') return;
    const { clock, scope, random, enqueue, report } = this.#init;
    // Two of them that come in together don't both do it.
    scope.after(clock, randomBelow(random, OWN_WITHIN_MS), () => {
      if (scope.closed || !this.#init.isOnline()) return;
      scope.run(
        () => enqueue(group, () => this.#addOwn(group)),
        (error) => toFailure(error).reason !== 'unreachable' && report('', error),
      );
    });
  }

  async #addOwn(group: Group): Promise<void> {
    if (group.roster.history !== 'shared') await this.#init.follower.membership.addOwn(group);
  }

  /** Members take turns; the first who is there removes who has to go, and the others see it. */
  considerCleaning(group: Group): void {
    if (group.mls === undefined || this.#init.follower.membership.superfluous(group).length === 0) return;
    const { clock, scope, random, enqueue, report } = this.#init;
    const wait =
      Math.min(CLEAN_LATEST_MS, group.mls.state.ownLeaf * CLEAN_STEP_MS) + randomBelow(random, CLEAN_STEP_MS);
    scope.after(clock, wait, () => {
      if (scope.closed || !this.#init.isOnline() || group.mls === undefined) return;
      scope.run(
        () => enqueue(group, async () => void (await this.#init.follower.membership.clean(group))),
        (error) => toFailure(error).reason !== 'unreachable' && report('', error),
      );
    });
  }
}

const unfollowed = (group: Group): Failure =>
  new Failure('group-broken', `#${group.row.name} was left in a state that nobody can follow`);

const renewing = (group: Group, cause: unknown): Failure =>
  new Failure('group-renewing', `the keys of #${group.row.name} begin anew`, { cause });
