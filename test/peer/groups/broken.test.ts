import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { register, signIn } from '../../support/directory-client.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());
const owner = await town.owner();

for (const kind of ['invite', 'open'] as const) {
  test(`M5 a member who ends the epoch with garbage does not stop the group (${kind}), also for newcomers and who was away`, async (t) => {
    const [bob, eve, mallory] = [`bob-${kind}`, `eve-${kind}`, `mallory-${kind}`] as const;
    const group = `#crew-${kind}`;
    await owner.groups.create(group, { kind, history: kind === 'open' ? 'shared' : 'joined' });
    const [atHome, away] = [await town.settle(bob), await town.settle(eve)];
    for (const peer of [atHome, away]) {
      const added = event(watch(peer), 'group', (one) => one.change === 'added' && one.user === peer.user);
      await owner.groups.add(group, peer.user);
      await added;
    }
    const atOwner = watch(owner);
    await (await said(away, group, 'eve is in'))();
    await atOwner.message('eve is in');
    await away.close();

    const broken = await register(town.link, mallory);
    await owner.groups.add(group, mallory);
    const client = await signIn(town.link, broken);
    t.after(() => client.close());
    const core = town.directory.site.core.namedGroups;
    const id = (await core.find(group.slice(1))).group!;
    const atBob = watch(atHome);
    const rounds = kind === 'invite' ? 2 : 1;
    for (let times = 0; times < rounds; times++) {
      // What she leaves for newcomers is of no use either.
      const { epoch, head } = await core.need(id);
      const rubbish = { commit: randomBytes(500), info: randomBytes(500) };
      await client.request('groups.commit', { group: id, epoch, head, ...rubbish });
      await (await said(atHome, group, `bob goes on ${times}`))();
      await atOwner.message(`bob goes on ${times}`);
      await (await said(owner, group, `the owner too ${times}`))();
      await atBob.message(`the owner too ${times}`);
    }
    const named = atBob.seen.some((event) => event.event === 'error' && event.message.includes(mallory));
    assert.ok(named, 'who did it is named');
    const actions = (await owner.groups.ledger(group)).map(({ action }) => action);
    assert.equal(actions.filter((action) => action === 'renew').length, rounds);

    const back = await town.open(eve);
    const atEve = watch(back);
    await (await said(owner, group, 'welcome back'))();
    await atEve.message('welcome back');
    await owner.groups.kick(group, mallory, 'garbage');
    await (await said(back, group, 'without her'))();
    await atBob.message('without her');
    await Promise.all([atHome.close(), back.close()]);
  });
}

/** Said; the function it gives back resolves when it has its place. */
async function said(peer: PeerApi, group: string, text: string): Promise<() => Promise<void>> {
  const { id } = await peer.send(group, text);
  return async () => assert.equal((await peer.waitFor(id, 'stored', 20_000)).state, 'stored', text);
}
