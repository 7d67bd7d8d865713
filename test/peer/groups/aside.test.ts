import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());
const owner = await town.owner();

for (const history of ['joined', 'shared'] as const) {
  test(`while the directory is away a group talks over direct links, and later all agree on the order (${history})`, async () => {
    const group = `#crew-${history}`;
    const names = [`ada-${history}`, `ben-${history}`] as const;
    const [ada, ben] = [await town.settle(names[0]), await town.settle(names[1])];
    await owner.groups.create(group, { history });
    for (const peer of [ada, ben]) {
      await owner.groups.invite(group, peer.user);
      await peer.groups.join(group);
    }
    const all = [owner, ada, ben];
    const watched = all.map(watch);
    await owner.send(group, 'all here?');
    await Promise.all(watched.slice(1).map((one) => one.message('all here?')));

    const away = watched.map((one) => event(one, 'directory', (one) => one.state === 'offline'));
    const port = await town.stopDirectory();
    await Promise.all(away);
    const texts = ['from the owner', 'from ada', 'from ben'];
    const sent = await Promise.all(all.map((peer, at) => peer.send(group, texts[at]!)));
    for (const [at, one] of watched.entries()) {
      for (const text of texts.filter((_, by) => by !== at)) {
        const { via, seq } = await one.message(text);
        assert.deepEqual([via, seq], ['direct', undefined]);
      }
    }
    // Ben's program ends and comes back before the directory does.
    await ben.close();
    await town.startDirectory(port);
    const back = await town.open(names[1]);
    const atBack = watch(back);
    await back.replayUnseen();
    for (const [at, peer] of [owner, ada, back].entries()) {
      assert.equal((await peer.waitFor(sent[at]!.id, 'stored', 20_000)).state, 'stored');
    }
    const { id } = await owner.send(group, 'the directory is back');
    await owner.waitFor(id, 'stored', 20_000);
    await Promise.all([watched[1]!, atBack].map((one) => one.message('the directory is back')));
    const lines = async (peer: PeerApi) =>
      (await peer.history({ conversation: group })).map(({ seq, text, from }) => [seq, text, from]);
    const order = await lines(owner);
    assert.deepEqual(order.map(([, text]) => text).sort(), ['all here?', 'the directory is back', ...texts].sort());
    assert.ok(order.every(([seq]) => seq !== undefined));
    assert.deepEqual(await lines(ada), order);
    assert.deepEqual(await lines(back), order);
    for (const [at, one] of [watched[0]!, watched[1]!, watched[2]!].entries()) {
      assert.equal(new Set(one.texts()).size, one.texts().length, `${at} was shown something twice`);
    }
    assert.deepEqual(atBack.texts(), ['the directory is back'], 'what was shown is not shown again');
    await Promise.all([ada.close(), back.close()]);
  });
}

test('M6 what was said over direct links stands once, also where the directory puts it into the log three times', async () => {
  const ada = await town.settle('ada-thrice');
  const ben = await town.settle('ben-thrice');
  await owner.groups.create('#thrice', { history: 'joined' });
  for (const peer of [ada, ben]) {
    await owner.groups.invite('#thrice', peer.user);
    await peer.groups.join('#thrice');
  }
  const [atAda, atBen] = [watch(ada), watch(ben)];
  await ada.send('#thrice', 'all here?');
  await atBen.message('all here?');
  const away = [atAda, atBen].map((one) => event(one, 'directory', (one) => one.state === 'offline'));
  const port = await town.stopDirectory();
  await Promise.all(away);
  const { id } = await ada.send('#thrice', 'said aside');
  await atBen.message('said aside');
  await ben.close();
  await town.startDirectory(port);
  await ada.waitFor(id, 'stored', 20_000);
  const { namedGroups, clock } = town.directory.site.core;
  const { group } = await namedGroups.find('thrice');
  const log = await namedGroups.need(group!);
  const { entries } = await log.read(1, undefined, 1_000, 1 << 24);
  const placed = entries.filter((entry) => entry.kind === 'message').at(-1)!;
  for (const device of ['0', '1']) {
    const from = { user: 'eve', device: device.repeat(16) };
    await log.post(from, { ...placed }, { now: clock.now(), role: 'super-admin' });
  }
  const back = await town.open('ben-thrice');
  await ada.send('#thrice', 'after the replay');
  await watch(back).message('after the replay');
  for (const peer of [ada, back]) {
    const lines = (await peer.history({ conversation: '#thrice' })).filter(({ text }) => text === 'said aside');
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      [placed.seq],
    );
  }
  await Promise.all([ada.close(), back.close()]);
});
