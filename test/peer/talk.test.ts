import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { LinkEvent } from '../../src/peer/api/events.js';
import { PASSWORD, Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());

test('a private message goes straight from one peer to the other, and back', async () => {
  const [ada, bob] = [await town.settle('ada'), await town.settle('bob')];
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const { id } = await ada.send('bob', 'good morning');
  const received = await atBob.message('good morning');
  assert.deepEqual([received.from, received.conversation, received.via, received.id], ['ada', '@ada', 'direct', id]);
  assert.equal((await ada.waitFor(id, 'delivered', 10_000)).state, 'delivered');
  await bob.send('@Ada', 'and to you');
  assert.equal((await atAda.message('and to you')).conversation, '@bob');
  const lines = (await ada.history({ conversation: '@bob' })).map(({ from, text, state }) => [from, text, state]);
  assert.deepEqual(lines, [
    ['ada', 'good morning', 'delivered'],
    ['bob', 'and to you', undefined],
  ]);
  const [link] = ada.links();
  assert.deepEqual([link?.user, link?.state, link?.path], ['bob', 'up', 'direct']);
  const told = (fits: (event: LinkEvent) => boolean) => event(atAda, 'link', (one) => fits(one));
  await told(({ rtt }) => rtt !== undefined);
  const [path] = await ada.paths('bob');
  assert.deepEqual([path?.path, path?.state, path?.device], ['direct', 'online', bob.device]);
  assert.ok(path?.address && path.rtt !== undefined && path.rtt >= 0);
  await bob.close();
  await told(({ state }) => state === 'down');
  assert.deepEqual(ada.links(), []);
  // The directory hears of it by itself, sooner or later than the link.
  await event(atAda, 'presence', (one) => one.user === 'bob' && one.state === 'offline');
  const [away] = await ada.paths('bob');
  assert.deepEqual([away?.path, away?.state, away?.tried], ['mailbox', 'offline', []]);
  await ada.close();
});

test('what is sent to somebody away is stored, then delivered once and in order', async () => {
  const [cat, dan] = [await town.settle('cat'), await town.settle('dan')];
  await cat.send('dan', 'first');
  await dan.close();
  for (let n = 1; n <= 10; n++) await cat.send('dan', `away ${n}`);
  const last = await cat.send('dan', 'last');
  assert.equal((await cat.waitFor(last.id, 'stored', 10_000)).state, 'stored');
  const again = await town.open('dan');
  const seen = watch(again);
  await again.replayUnseen();
  await seen.message('last');
  assert.deepEqual(seen.texts(), ['first', ...Array.from({ length: 10 }, (_, i) => `away ${i + 1}`), 'last']);
  assert.equal((await cat.waitFor(last.id, 'delivered', 10_000)).state, 'delivered');
  await Promise.all([cat.close(), again.close()]);
});

test('a further device gets what comes, and shows what the other one sends', async () => {
  const [eve, fay] = [await town.settle('eve'), await town.settle('fay')];
  const second = await town.open('fay', 'fay-laptop');
  const [atFirst, atSecond] = [watch(fay), watch(second)];
  await eve.send('fay', 'to both');
  await Promise.all([atFirst.message('to both'), atSecond.message('to both')]);
  await second.send('eve', 'from the laptop');
  const shown = await atFirst.message('from the laptop');
  assert.deepEqual([shown.from, shown.conversation], ['fay', '@eve']);
  const third = await town.open('fay', 'fay-phone');
  const atThird = watch(third);
  await eve.send('fay', 'to all three');
  await Promise.all([
    atFirst.message('to all three'),
    atSecond.message('to all three'),
    atThird.message('to all three'),
  ]);
  await Promise.all([eve.close(), fay.close(), second.close(), third.close()]);
});

test('with the directory gone two who talk go on, and mail flows when it is back', async () => {
  const [gus, hal] = [await town.settle('gus'), await town.settle('hal')];
  const [atGus, atHal] = [watch(gus), watch(hal)];
  await gus.send('hal', 'before');
  await atHal.message('before');
  const port = await town.stopDirectory();
  await event(atGus, 'directory', (one) => one.state === 'offline');
  await hal.send('gus', 'still here');
  assert.equal((await atGus.message('still here')).via, 'direct');
  await town.startDirectory(port);
  await atGus.until((events) => events.findLast((one) => one.event === 'directory' && one.state === 'online'));
  await hal.close();
  const { id } = await gus.send('hal', 'for later');
  assert.equal((await gus.waitFor(id, 'stored', 20_000)).state, 'stored');
  await gus.close();
});

test('S7 one profile is open once', async () => {
  const ida = await town.settle('ida');
  await assert.rejects(town.open('ida'), { code: 'store-in-use' });
  await ida.close();
});

test('a wrong password does not open a profile, and three block it for a while', async () => {
  const { openPeer } = await import('../../src/peer/session/open.js');
  const jan = await town.settle('jan');
  await jan.close();
  const home = town.home('jan');
  for (let n = 0; n < 3; n++) {
    await assert.rejects(openPeer({ home, password: 'not the password' }), { reason: 'credentials' });
  }
  await assert.rejects(openPeer({ home, password: PASSWORD }), { reason: 'blocked' });
});

test('logout makes this device a stranger; a login brings it back with its history', async () => {
  const [kim, leo] = [await town.settle('kim'), await town.settle('leo')];
  await kim.send('leo', 'see you');
  await kim.logout(false);
  await kim.ended;
  const { openPeer } = await import('../../src/peer/session/open.js');
  await assert.rejects(openPeer({ home: town.home('kim'), password: PASSWORD }), { code: 'not-logged-in' });
  const back = await town.open('kim');
  assert.equal((await back.history({ conversation: 'leo' })).at(-1)?.text, 'see you');
  const atLeo = watch(leo);
  await back.send('leo', 'here again');
  await atLeo.message('here again');
  await Promise.all([back.close(), leo.close()]);
});

test('a new password opens the profile and the account, the old one neither', async () => {
  const { openPeer } = await import('../../src/peer/session/open.js');
  const mia = await town.settle('mia');
  await assert.rejects(mia.changePassword('wrong one', 'another four unlikely words'), { reason: 'credentials' });
  await mia.changePassword(PASSWORD, 'another four unlikely words');
  await mia.close();
  await assert.rejects(openPeer({ home: town.home('mia'), password: PASSWORD }), { reason: 'credentials' });
  const again = await openPeer({
    home: town.home('mia'),
    password: 'another four unlikely words',
    listen: '127.0.0.1:0',
  });
  assert.equal(again.directoryState, 'online');
  await again.close();
});
