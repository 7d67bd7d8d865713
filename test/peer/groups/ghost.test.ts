import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { after, test } from 'node:test';
import { systemRandom } from '../../../src/base/random.js';
import { createMlsEngine } from '../../../src/crypto/mls.js';
import { type Act, statementCodec } from '../../../src/wire/acts.js';
import { GroupRoster } from '../../../src/wire/group-roster.js';
import { register } from '../../support/directory-client.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());

test('M3 a directory that lets a ghost into a group is refused, and the members are told', async () => {
  const owner = await town.owner();
  const bob = await town.settle('bob');
  await owner.groups.create('secret');
  await owner.groups.invite('secret', 'bob');
  await bob.groups.join('secret');
  const { id } = await owner.send('#secret', 'only for bob');
  await owner.waitFor(id, 'stored', 10_000);
  const [atOwner, atBob] = [watch(owner), watch(bob)];
  const eve = await register(town.link, 'eve');
  const engine = createMlsEngine({ verifyCredential: () => true, random: systemRandom, now: Date.now });
  const { namedGroups } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find('secret')).group!);
  const { info, epoch } = (await namedGroups.info(group))!;
  const joined = await engine.externalJoin(info, {
    certificate: eve.certificate,
    signatureKey: createPrivateKey(eve.key.pem()),
    lifetime: { notBefore: Date.now() - 60_000, notAfter: Date.now() + 60_000 },
    aad: group.head,
  });
  // The directory takes her commit, though no act lets her in.
  await group.commit({ user: 'eve', device: eve.device }, { epoch, head: group.head, commit: joined.commit, info });
  const told = (watched: ReturnType<typeof watch>) =>
    event(watched, 'error', (one) => one.code === 'membership-refused' && one.message.includes('eve'));
  await Promise.all([told(atOwner), told(atBob)]);
  assert.deepEqual((await bob.groups.members('secret')).map(({ user }) => user).sort(), ['bob', 'owner']);
  // The directory has ended the epoch with her commit: the members begin anew, without her.
  await bob.send('#secret', 'still among us');
  await atOwner.message('still among us');
  await owner.send('#secret', 'and back');
  await atBob.message('and back');
  await Promise.all([owner.close(), bob.close()]);
});

test('M3 an act counts only with the signature of a member who may do it', () => {
  const roster = new GroupRoster();
  const key = new Uint8Array(32).fill(7);
  const common = { directory: 'd', group: new Uint8Array(16), previous: new Uint8Array(32), at: 1 };
  const act = (user: string, role: Act['seal']['role'], statement: object): Act => ({
    statement: statementCodec.decode(statementCodec.encode({ ...common, ...statement } as Act['statement'])),
    by: { user, folded: user, device: '0'.repeat(16), identityKey: key },
    seal: { digest: new Uint8Array(32), role, at: 1 },
  });
  const create = act('ann', 'advanced', { action: 'create', name: 'g', kind: 'invite', history: 'joined' });
  roster.judge(create);
  roster.apply(create);
  const add = { action: 'add', user: 'ghost', identityKey: key };
  assert.throws(() => roster.judge(act('eve', 'super-admin', add)), { code: 'group-not-joined' });
  assert.throws(() => roster.judge(act('ann', 'beginner', add)), { code: 'not-permitted' });
  assert.throws(() => roster.judge(act('ghost', 'beginner', { action: 'join' })), { code: 'not-invited' });
  const other = { ...act('ann', 'advanced', add), by: { ...create.by, identityKey: new Uint8Array(32).fill(8) } };
  assert.throws(() => roster.judge(other), { code: 'identity-changed' });
  roster.judge(act('ann', 'advanced', add));
});
