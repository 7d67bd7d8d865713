import type { Action } from '../../src/wire/roles.js';

/** A command as it is typed, with what the table of roles says about it. */
export interface Deed {
  /** ROLE stands for the role of who does it. */
  readonly words: readonly string[];
  readonly action: Action;
}

/**
 * What members of #crew do to vic, who is in no group at first: each deed finds what the one before has left, and the last
 * one leaves it as it was.
 */
export const STORY: readonly Deed[] = [
  { words: ['group', 'create', 'made-by-ROLE'], action: 'group.create' },
  { words: ['group', 'invite', '#crew', 'vic'], action: 'group.members' },
  { words: ['kick', 'vic', 'why', '--group', '#crew'], action: 'group.members' },
  { words: ['group', 'add', '#crew', 'vic'], action: 'group.members' },
  { words: ['group', 'remove', '#crew', 'vic'], action: 'group.members' },
  { words: ['ban', 'vic', 'why', '--group', '#crew'], action: 'group.members' },
  { words: ['unban', 'vic', '--group', '#crew'], action: 'group.members' },
  { words: ['readonly', 'off', '--group', '#crew'], action: 'group.members' },
  { words: ['role', 'vic', 'admin'], action: 'role.grant.admin' },
  { words: ['role', 'vic', 'beginner'], action: 'role.grant.beginner' },
  { words: ['ban', 'vic', 'why', '--everywhere'], action: 'person.ban' },
  { words: ['unban', 'vic', '--everywhere'], action: 'person.ban' },
];

/** What changes nothing for anybody else. */
export const HARMLESS: readonly Deed[] = [
  { words: ['group', 'members', '#crew'], action: 'group.join' },
  { words: ['send', '#crew', 'hello from ROLE', '--wait', 'stored'], action: 'group.join' },
  { words: ['ledger'], action: 'people.see' },
];
