import * as v from 'valibot';
import { groupHistory, groupKind } from './acts.js';
import {
  ACT_BYTES,
  ACTS_PAGE,
  GROUP_INFO_BYTES,
  GROUP_LOG_PAGE,
  GROUPS_LISTED,
  NAME_CHARS,
  ROOMS,
  SEALED_BYTES,
  SIGNAL_SEALED_BYTES,
} from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';

/**
 * Named groups: one log a group holds acts, commits and messages in one order, the same for all members. The position of
 * an entry is its `seq`, counted from 1. A commit is taken where it ends the current epoch and knows the newest act; a
 * message where it is sealed in the current epoch. So everybody who reads the log can follow it.
 */

const groupId = exactly(16);
const messageId = exactly(16);
const name = text(NAME_CHARS);
const device = v.object({ user: name, device: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)) });
const sealed = bytes(SEALED_BYTES, 1);
const signal = bytes(SIGNAL_SEALED_BYTES, 1);
const info = bytes(GROUP_INFO_BYTES, 1);
const act = bytes(ACT_BYTES, 1);
const signed = { statement: bytes(ACT_BYTES, 1), signature: exactly(64) };

/** By which the directory knows an entry of its own, should it lose it. */
const proof = v.optional(exactly(32));

export const groupEntry = v.variant('kind', [
  v.object({ kind: v.literal('act'), seq: count(), act, proof }),
  v.object({ kind: v.literal('commit'), seq: count(), epoch: count(), commit: sealed, from: device, proof }),
  v.object({
    kind: v.literal('message'),
    seq: count(),
    id: messageId,
    epoch: count(),
    sealed,
    from: device,
    at: time(),
    proof,
  }),
]);
export type GroupEntry = v.InferOutput<typeof groupEntry>;

export const membershipSchema = v.picklist(['member', 'invited', 'none']);

export const groupMethods = {
  /** The caller's groups and invitations, and the open groups there are. `next`: the position the next entry gets. */
  'groups.list': method(
    nothing,
    v.object({
      groups: list(
        v.object({
          group: groupId,
          name,
          kind: groupKind,
          history: groupHistory,
          state: membershipSchema,
          members: count(),
          next: count(),
        }),
        GROUPS_LISTED,
      ),
      /** Rooms which nobody has entered yet. */
      rooms: list(name, ROOMS),
    }),
  ),
  /** Without `group` it is a room that the first who comes makes. */
  'groups.find': method(v.object({ name }), v.object({ group: v.optional(groupId), name })),
  /** `statement` is the group's first act, `info` the MLS group info of epoch 0. */
  'groups.create': method(v.object({ group: groupId, ...signed, info }), v.object({ seq: count() })),
  'groups.act': method(v.object({ group: groupId, ...signed }), v.object({ seq: count() })),
  /** The act is a `renew` to the epoch after the current one, `info` of that. Fails with 'epoch-taken' or 'head-moved'. */
  'groups.renew': method(v.object({ group: groupId, ...signed, info }), v.object({ seq: count() })),
  /** All acts from number `from` on, counted from 0; kept for good. */
  'groups.acts': method(
    v.object({ group: groupId, from: count() }),
    v.object({ acts: list(v.object({ seq: count(), act }), ACTS_PAGE), more: v.boolean() }),
  ),
  /** What it takes to join by an external commit, as of `epoch`; the group may be further. */
  'groups.info': method(
    v.object({ group: groupId }),
    v.object({ epoch: count(), info, current: count(), next: count() }),
  ),
  /** Where the one who made a commit could not leave it. */
  'groups.info.put': method(v.object({ group: groupId, epoch: count(), info }), nothing),
  /** The Welcome which waits for the calling device, and the position of its commit. */
  'groups.welcome': method(
    v.object({ group: groupId }),
    v.object({ welcome: v.optional(info), seq: v.optional(count()) }),
  ),
  /** Left before the commit which ends `epoch`; counts if that commit is the caller's. */
  'groups.welcome.put': method(
    v.object({ group: groupId, epoch: count(), devices: list(device, 64), welcome: info }),
    nothing,
  ),
  /** `head`: of the chain of acts. Fails with 'epoch-taken' or 'head-moved'. */
  'groups.commit': method(
    v.object({ group: groupId, epoch: count(), head: exactly(32), commit: sealed, info }),
    v.object({ seq: count(), proof }),
  ),
  /** The same id again gets the same answer. Fails with 'epoch-past'. */
  'groups.post': method(
    v.object({ group: groupId, id: messageId, epoch: count(), sealed }),
    v.object({ seq: count() }),
  ),
  /** Passed on to the members who are there, and kept nowhere; in another epoch than the group's it goes to nobody. */
  'groups.signal': method(v.object({ group: groupId, id: messageId, epoch: count(), sealed: signal }), nothing),
  /** Entries from `from` on, or with `before` those just below it; `first` is the oldest one kept. */
  'groups.read': method(
    v.object({ group: groupId, from: count(), before: v.optional(count()) }),
    v.object({ entries: list(groupEntry, GROUP_LOG_PAGE), first: count(), more: v.boolean() }),
  ),
  /** Entries with their proofs, in order, back to a directory that was set back; `next`: the next entry's position. */
  'groups.restore': method(
    v.object({ group: groupId, entries: list(groupEntry, GROUP_LOG_PAGE) }),
    v.object({ next: count() }),
  ),
  /** An act on the directory itself: a role, a ban. */
  'ledger.act': method(v.object(signed), v.object({ number: count() })),
  /** Acts of the ledger, in order, back to a directory that was set back; `next`: how many it has now. */
  'ledger.restore': method(
    v.object({ acts: list(v.object({ act: v.optional(act), operator: v.optional(act) }), ACTS_PAGE) }),
    v.object({ next: count() }),
  ),
  /** The directory's acts in order: whole where they concern the caller or he may see all, else their hash. */
  'ledger.read': method(
    v.object({ from: count() }),
    v.object({
      /** `operator` in place of `act`: an act of the operator (wire/operator-acts.ts). */
      acts: list(v.object({ act: v.optional(act), operator: v.optional(act), digest: exactly(32) }), ACTS_PAGE),
      more: v.boolean(),
      head: exactly(32),
    }),
  ),
};

export const groupNotices = {
  /** A new entry of a group of the caller's. */
  'groups.entry': v.object({ group: groupId, entry: groupEntry }),
  'groups.signal': v.object({ group: groupId, id: messageId, epoch: count(), sealed: signal, from: device }),
  /** Something else about the group, or entries that were not pushed: `next` is the position the next entry gets. */
  'groups.changed': v.object({ group: groupId, next: count() }),
};
