import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { commands } from '../../src/commands/commands.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { HOUR, say, world } from '../support/away.js';
import { PASSWORD, watch } from '../support/town.js';
import { WarpClock } from '../support/warp.js';
import { event, events } from '../support/watching.js';

/** What keeps the directory away and is no absence: it is told as what it is, and what time heals is tried again. */

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

async function adaIn(t: TestContext) {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  return town;
}

const told = (peer: PeerApi): ReturnType<typeof watch> => watch(peer);
const online = (watched: ReturnType<typeof watch>) => event(watched, 'directory', ({ state }) => state === 'online');

for (const [how, off] of [
  ['ahead', 80 * HOUR],
  ['behind', -80 * HOUR],
] as const) {
  test(`N21 started with a clock far ${how}, it says whose and by how much, and is online once that is set right`, async (t) => {
    const town = await adaIn(t);
    const own = new WarpClock();
    own.set(off);
    const ada = await town.openBy(own, 'ada');
    const atAda = told(ada);
    assert.equal(ada.directoryState, 'offline');
    assert.match(ada.trouble?.message ?? '', new RegExp(`clock of this machine .*at least \\d+ (days|h) ${how}`));
    await assert.rejects(ada.users(), coded('clock-differs'));
    const checks = await ada.doctor();
    for (const name of ['directory', 'clock']) {
      const check = checks.find((one) => one.name === name);
      assert.deepEqual([check?.ok, /clock of this machine/.test(check?.says ?? '')], [false, true], name);
    }
    own.set(-off);
    await online(atAda);
    assert.equal(ada.trouble, undefined);
    await ada.users();
  });
}

test('N21 with a clock that is days off each command that needs the directory says so, and none that somebody is not there', async (t) => {
  const town = await adaIn(t);
  const ada = await town.open('ada');
  await ada.paths('bob');
  await ada.close();
  const own = new WarpClock();
  own.set(-30 * 24 * HOUR);
  const wrong = await town.openBy(own, 'ada');
  const path = join(town.folder, 'file');
  writeFileSync(path, 'x');
  const context = { face: 'shell', commands, now: () => own.now() } as const;
  const run = async (name: string, args: Readonly<Record<string, unknown>>): Promise<void> => {
    for await (const _item of commands.find((each) => each.name === name)!.run(wrong, args, context));
  };
  for (const [name, args] of [
    ['users', {}],
    ['groups', {}],
    ['group join', { name: 'lobby' }],
    ['upload', { group: 'lobby', path }],
    ['share', { path }],
    ['verify', { user: 'cat' }],
    ['path', { user: 'cat' }],
    // By that clock none of his devices has a certificate that holds.
    ['path', { user: 'bob' }],
    ['ledger', {}],
  ] as const) {
    await assert.rejects(run(name, args), coded('clock-differs'), name);
  }
  const offered = told(wrong);
  await wrong.files.offer('bob', [path]);
  const waiting = await event(offered, 'transfer', (one) => one.waiting !== undefined);
  assert.equal(waiting.waiting?.code, 'clock-differs');
  const certificate = (await wrong.doctor()).find(({ name }) => name === 'certificate');
  assert.deepEqual([certificate?.ok, /clock/.test(certificate?.says ?? '')], [true, true]);
});

test('N21 a clock that is off by less than a certificate lives is told of, too', async (t) => {
  const town = await adaIn(t);
  const own = new WarpClock();
  const ada = await town.openBy(own, 'ada');
  const atAda = told(ada);
  own.set(3 * HOUR);
  await town.sleep(0);
  const error = await event(atAda, 'error');
  assert.deepEqual([error.code, /3 h ahead of/.test(error.message)], ['clock-differs', true], error.message);
});

test('N21 doctor compares the clocks as they are now, not as they were when the directory was reached', async (t) => {
  const town = await adaIn(t);
  const own = new WarpClock();
  const ada = await town.openBy(own, 'ada');
  const clock = async () => (await ada.doctor()).find(({ name }) => name === 'clock');
  own.leap(HOUR);
  assert.match(JSON.stringify(await clock()), /"ok":true,"says":"[0-5] s /);
  own.set(HOUR);
  assert.match(JSON.stringify(await clock()), /"ok":false,"says":"360[0-5] s ahead/);
});

test('N21 a program that slept for longer than its certificate lives comes back by the password it holds', async (t) => {
  const town = await adaIn(t);
  const ada = await town.open('ada');
  const bob = await town.open('bob');
  const [atAda, atBob] = [told(ada), told(bob)];
  let ended = false;
  void ada.ended.then(() => {
    ended = true;
  });
  await town.sleep(80 * HOUR);
  await Promise.all([online(atAda), online(atBob)]);
  await say(ada, 'bob', 'slept well', 'delivered');
  assert.equal(ended, false);
  assert.deepEqual(events(atAda, 'error'), []);
});

test('N21 where it holds the password no more, it ends with the reason and the way back', async (t) => {
  const town = await adaIn(t);
  const desk = await town.open('ada');
  const laptop = await town.login('ada', 'laptop');
  const atDesk = told(desk);
  await laptop.changePassword(PASSWORD, 'another one of nine words');
  await town.sleep(80 * HOUR);
  await desk.ended;
  assert.deepEqual([desk.trouble?.code, desk.trouble?.exit], ['certificate-expired', 6]);
  assert.match(desk.trouble?.hint ?? '', /p2pchat login ada/);
  assert.match((await event(atDesk, 'error', ({ code }) => code === 'certificate-expired')).message, /password/);
});

test('N21 another directory at the address is told as that, and the right one is found again', async (t) => {
  const town = await adaIn(t);
  const ada = await town.open('ada');
  const atAda = told(ada);
  const putRight = await town.replaceDirectory();
  const error = await event(atAda, 'error');
  assert.equal(error.code, 'certificate-untrusted');
  await assert.rejects(ada.users(), coded('certificate-untrusted'));
  assert.equal((await ada.doctor()).find(({ name }) => name === 'directory')?.ok, false);
  await putRight();
  await online(atAda);
  // Told once, however often it was tried.
  assert.equal(events(atAda, 'error').length, 1);
});

test('a device that was shut out says so and the way back, and is not told as absence', async (t) => {
  const town = await adaIn(t);
  const desk = await town.open('ada');
  const laptop = await town.login('ada', 'laptop');
  const atLaptop = told(laptop);
  await desk.account.revokeDevice(laptop.device, PASSWORD);
  await laptop.ended;
  assert.equal(laptop.trouble?.exit, 6);
  await event(atLaptop, 'error', ({ code }) => code === laptop.trouble?.code);
  const again = await town.open('laptop');
  assert.equal(again.directoryState, 'offline');
  await assert.rejects(again.users(), coded('certificate-revoked'));
  const checks = await again.doctor();
  for (const name of ['directory', 'certificate']) assert.equal(checks.find((one) => one.name === name)?.ok, false);
  assert.match(again.trouble?.hint ?? '', /[Ll]og in/);
});
