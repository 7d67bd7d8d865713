import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { may, ROLES, type Role } from '../../src/wire/roles.js';
import { Crowd } from '../support/crowd.js';
import { type Deed, HARMLESS, STORY } from '../support/deeds.js';

/** The table of roles, typed into a shell: one directory, four people of whom each has a program running. */

const NAMES: Readonly<Record<Role, string>> = {
  'super-admin': 'owner',
  admin: 'adam',
  advanced: 'vera',
  beginner: 'ben',
};
const crowd = await Crowd.gather(['owner', 'adam', 'vera', 'ben', 'vic']);
after(() => crowd.close());
const { run, does, listen } = crowd;
await Promise.all(Object.values(NAMES).map(listen));
await does('owner', 'role', 'adam', 'admin');
await does('owner', 'role', 'vera', 'advanced');
await does('owner', 'group', 'create', 'crew', 'adam', 'vera', 'ben');
await Promise.all(['adam', 'vera', 'ben'].map((name) => does(name, 'group', 'join', 'crew')));

/** As it ends: 0 where the table of roles has it, else 8 and an error that says what to do. */
async function tries(role: Role, { words, action }: Deed): Promise<void> {
  const typed = words.map((word) => word.replace('ROLE', role));
  const { status, events, stdout, stderr } = await run(NAMES[role], typed);
  const what = `${role}: ${typed.join(' ')}\n${stdout}${stderr}`;
  if (may(role, action)) return assert.equal(status, 0, what);
  const error = events.find(({ event }) => event === 'error');
  assert.deepEqual([status, typeof error?.hint], [8, 'string'], what);
}

test('A9 whoever may do something can by a shell command, one role after the other, and leaves it to the next as it was', async () => {
  for (const role of ROLES) for (const deed of STORY) if (may(role, deed.action)) await tries(role, deed);
});

test('A9 whoever may not ends with status 8 and a hint, and has changed nothing', async () => {
  const denied = ROLES.flatMap((role) =>
    STORY.filter(({ action }) => !may(role, action)).map((deed) => ({ role, deed })),
  );
  assert.ok(denied.length > 12, `${denied.length} of them`);
  // Two at a time: there is nothing they could do to each other.
  for (let at = 0; at < denied.length; at += 2) {
    await Promise.all(denied.slice(at, at + 2).map(({ role, deed }) => tries(role, deed)));
  }
  const { events } = await run('owner', ['group', 'members', '#crew']);
  assert.deepEqual(events.map(({ user }) => user).sort(), ['adam', 'ben', 'owner', 'vera']);
});

test('what changes nothing for others is open to every role', async () => {
  for (const role of ROLES) await Promise.all(HARMLESS.map((deed) => tries(role, deed)));
});
