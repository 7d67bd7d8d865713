import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

type Watch = ReturnType<typeof watch>;

const online = (events: Watch, from: number): Promise<unknown> =>
  events.until((seen) => seen.slice(from).find((event) => event.event === 'directory' && event.state === 'online'));
const error = (events: Watch, code: string): Promise<{ message: string }> =>
  events.until((seen) => seen.flatMap((event) => (event.event === 'error' && event.code === code ? [event] : []))[0]);
/** It has been told so often that its role is that. */
const roleIs = (events: Watch, role: string, times: number): Promise<unknown> =>
  events.until((seen) => {
    const told = seen.filter((event) => event.event === 'moderation' && event.action === 'role' && event.role === role);
    return told.length >= times ? told : undefined;
  });
const actions = async (peer: PeerApi): Promise<unknown[]> =>
  (await peer.groups.ledger()).map(({ action, user }) => [action, user]);

test('N18 roles and bans that a directory lost by its restore come back from who made them, and what does not fit is told by name', async () => {
  let owner = await town.owner();
  const [ann, ben, cy] = [await town.settle('ann'), await town.settle('ben'), await town.settle('cy')];
  const all = [owner, ann, ben].map(watch) as [Watch, Watch, Watch];
  const again = async (act: () => Promise<void>, among = all): Promise<void> => {
    const from = among.map(({ seen }) => seen.length);
    await act();
    await Promise.all(among.map((events, at) => online(events, from[at]!)));
  };
  await owner.groups.setRole('ann', 'admin');
  await again(() => town.backUpDirectory());
  await owner.groups.setRole('ben', 'advanced');
  await owner.groups.ban('cy', {});
  await cy.close();
  await again(() => town.restoreDirectory());
  await roleIs(all[2], 'advanced', 2);
  const { accounts, carrier } = town.directory.site.core;
  // Ben hears of his part before the next act is carried out.
  await carrier.finish();
  assert.equal((await accounts.need('ben')).role, 'advanced');
  assert.notEqual((await accounts.need('cy')).ban, undefined);
  const both = [
    ['role', 'ann'],
    ['role', 'ben'],
    ['ban', 'cy'],
  ];
  assert.deepEqual(await actions(owner), both);

  // Somebody else acts before who made the lost ones is back.
  await again(() => town.backUpDirectory());
  await owner.groups.setRole('ben', 'admin');
  await owner.close();
  await again(() => town.restoreDirectory(), all.slice(1) as typeof all);
  await ann.groups.unban('cy');
  owner = await town.open('owner');
  const atOwner = watch(owner);
  await owner.replayUnseen();
  assert.match((await error(atOwner, 'ledger-acts-lost')).message, /an act of its ledger: owner role ben admin/);
  await owner.groups.setRole('ben', 'admin');
  assert.deepEqual(await actions(owner), [...both, ['unban', 'cy'], ['role', 'ben']]);
  await Promise.all([owner.close(), ann.close(), ben.close()]);
});
