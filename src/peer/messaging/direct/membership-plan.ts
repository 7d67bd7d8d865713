import type { DeviceAddress } from '../../../wire/directory.js';
import type { Member } from '../mls-groups.js';

export interface MembershipPlan {
  readonly add: readonly DeviceAddress[];
  /** Leaf indices. */
  readonly remove: readonly number[];
}

/** What a commit must change, so that a group has exactly the wanted devices. */
export function planMembership(members: readonly Member[], wanted: readonly DeviceAddress[]): MembershipPlan {
  const present = new Set(members.map(({ device }) => device));
  const kept = new Set(wanted.map(({ device }) => device));
  return {
    add: wanted.filter(({ device }) => !present.has(device)),
    remove: members.filter(({ device }) => !kept.has(device)).map(({ leafIndex }) => leafIndex),
  };
}

export const isEmptyPlan = ({ add, remove }: MembershipPlan): boolean => add.length === 0 && remove.length === 0;
