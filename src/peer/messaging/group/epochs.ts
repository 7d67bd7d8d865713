import { sameBytes } from '../../../base/bytes.js';
import { toFailure } from '../../../base/errors.js';
import type { Step } from '../../../store/local.js';
import type { Act } from '../../../wire/acts.js';
import type { Transaction } from '../transaction.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { Entry } from './log-batch.js';
import { isUnfollowable, type Membership, refused } from './membership.js';

export interface EpochsInit extends GroupContext {
  readonly membership: Membership;
}

/** The keys of a group, from epoch to epoch, as its log ends them: by commits, by Welcomes, by new beginnings. */
export class Epochs {
  readonly #init: EpochsInit;

  constructor(init: EpochsInit) {
    this.#init = init;
  }

  /** For this device the group begins anew: with the next `enter`. */
  async forget(group: Group): Promise<void> {
    const { disk, store } = this.#init;
    await disk.write([...(await this.drop(group)), store.save(group)]);
  }

  /**
   * The keys are gone here, for whatever reason. What is said until there are others is fetched later, where it is shared.
   * @returns steps that end it here
   */
  async drop(group: Group): Promise<Step[]> {
    const { mls } = group;
    group.mls = undefined;
    delete group.welcome;
    if (mls === undefined) return [];
    if (group.roster.history === 'shared') group.row = { missed: group.row.through, ...group.row };
    return this.#init.groups.drop(mls);
  }

  /** Looks for one that a member has left for this device. */
  async findWelcome(group: Group): Promise<void> {
    const { request, self } = this.#init;
    if (group.mls !== undefined || group.welcome !== undefined || !group.roster.isMember(self.user)) return;
    const { welcome, seq } = await request('groups.welcome', { group: group.id });
    if (welcome !== undefined && seq !== undefined && seq > group.row.through) group.welcome = { bytes: welcome, seq };
  }

  /** The epoch ends, by whoever was first; without keys, this device may come in with it. */
  async commit(group: Group, entry: Entry<'commit'>, tx: Transaction): Promise<void> {
    const { engine, groups, self } = this.#init;
    group.arrivals.entered(entry.from.user);
    if (group.mls === undefined) {
      if (group.welcome === undefined && group.roster.isMember(self.user)) await this.findWelcome(group);
      if (group.welcome?.seq === entry.seq) await this.#join(group, tx);
      return;
    }
    const { mls } = group;
    if (entry.epoch !== mls.state.epoch) return;
    if (mls.pending && sameBytes(mls.pending.commit, entry.commit)) {
      mls.state = mls.pending.next;
    } else {
      try {
        const applied = await engine.applyCommit(mls.state, entry.commit, (change) =>
          this.#init.membership.authorize(group, change),
        );
        mls.state = applied.next;
        if (applied.external) group.row = { ...group.row, lastJoin: entry.seq };
      } catch (error) {
        return this.#refuse(group, entry, error, tx);
      }
    }
    delete mls.pending;
    tx.add(...groups.savePending(mls), ...this.#init.membership.epochKey(group));
    if (!mls.state.active) tx.add(...(await this.drop(group)));
  }

  /**
   * What nobody should have done doesn't count here. But the directory, which can't judge it, has ended the epoch with it:
   * so this device comes in anew, where others could follow, or the group's keys begin anew.
   */
  async #refuse(group: Group, { from }: Entry<'commit'>, error: unknown, tx: Transaction): Promise<void> {
    const failure = toFailure(error);
    if (failure.reason === 'unreachable' || failure.reason === 'storage') throw failure;
    this.#init.report(failure.reason === 'protocol' ? `a change by ${from.user} to #${group.row.name}` : '', failure);
    if (isUnfollowable(failure)) group.broken = true;
    tx.add(...(await this.drop(group)));
  }

  async #join(group: Group, tx: Transaction): Promise<void> {
    const { engine, keyPackages, self, groups } = this.#init;
    const { bytes, seq } = group.welcome!;
    delete group.welcome;
    try {
      const keyPackage = await keyPackages.matching(bytes);
      const state = await engine.join(bytes, keyPackage.private, self.signatureKey);
      if (!sameBytes(state.groupId, group.id)) throw refused(group, 'the Welcome is for another group');
      this.#init.membership.assertMembers(group, state);
      group.mls = { id: group.id, owner: { kind: 'group', name: group.row.name }, number: 0, state };
      group.row = { ...group.row, entered: seq, lastJoin: seq };
      tx.add(...groups.add(group.mls), ...keyPackages.used(keyPackage), ...this.#init.membership.epochKey(group));
    } catch (error) {
      const failure = toFailure(error);
      if (failure.reason === 'storage') throw failure;
      this.#init.report('', failure);
    }
  }

  /** The old keys are of no use; who made the new ones is inside, and everybody else comes in. */
  async renewed(group: Group, { statement, by }: Act, seq: number, tx: Transaction): Promise<void> {
    tx.add(...(await this.drop(group)));
    const { renewed } = group;
    delete group.renewed;
    delete group.broken;
    group.renewedAt = this.#init.clock.monotonic();
    const mine = by.device === this.#init.self.device && 'epoch' in statement && statement.epoch === renewed?.epoch;
    if (renewed === undefined || !mine) return;
    delete group.renewedAt;
    const { missed: _, ...row } = group.row;
    group.mls = { id: group.id, owner: { kind: 'group', name: group.row.name }, number: 0, state: renewed.state };
    group.row = { ...row, entered: seq, lastJoin: seq };
    tx.add(...this.#init.groups.add(group.mls), ...this.#init.membership.epochKey(group));
  }
}
