import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, test } from 'node:test';
import type { DeviceEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { PASSWORD, Town, watch } from '../support/town.js';
import { event, events, type Watched } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());
let desk = await town.owner('ann');

const isOf = (device: string, state: DeviceEvent['state']) => (one: { readonly change: string }) =>
  one.change === 'device' && (one as DeviceEvent).state === state && (one as DeviceEvent).device.id === device;
const changes = (watched: Watched): string[] =>
  events(watched, 'account')
    .filter((one) => one.change === 'device')
    .map(({ state, device }) => `${state} ${device.id}`);
/** Whoever begins to watch. */
async function watching(peer: PeerApi): Promise<Watched> {
  const watched = watch(peer);
  await peer.replayUnseen();
  return watched;
}

test('a device that is added or revoked is told of at the others: who is there at once, who is away later, once', async () => {
  const atDesk = await watching(desk);
  let laptop = await town.open('ann', 'laptop');
  const added = await event(atDesk, 'account', isOf(laptop.device, 'added'));
  const { at, ...rest } = added as DeviceEvent;
  assert.deepEqual(rest, {
    ...{ event: 'account', change: 'device', state: 'added' },
    device: { id: laptop.device, name: hostname().slice(0, 64) },
  });
  assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  await Promise.all([desk.close(), laptop.close()]);

  // A program that watches for something else, as a one-shot command does, does not take the news away.
  const passing = await town.open('ann');
  const atPassing = watch(passing);
  const phone = await town.open('ann', 'phone');
  const atPhone = await watching(phone);
  const thief = await town.open('ann', 'thief');
  await passing.account.revokeDevice(thief.device, PASSWORD);
  await event(atPhone, 'account', isOf(thief.device, 'revoked'));
  await passing.close();
  // Nor one that asks for what it missed while nobody watches.
  const unwatched = await town.open('ann');
  await unwatched.replayUnseen();
  await unwatched.close();
  desk = await town.open('ann');
  const again = await watching(desk);
  // That the thief was shut out from here is no news here.
  assert.deepEqual(changes(again), [`added ${phone.device}`, `added ${thief.device}`]);
  await desk.close();
  desk = await town.open('ann');
  const once = await watching(desk);

  // The laptop was away while one came and was gone again.
  laptop = await town.open('ann', 'laptop');
  const atLaptop = await watching(laptop);
  assert.deepEqual(changes(atLaptop), [`added ${phone.device}`, `added ${thief.device}`, `revoked ${thief.device}`]);
  await desk.account.revokeDevice(phone.device, PASSWORD);
  await event(atLaptop, 'account', isOf(phone.device, 'revoked'));
  await desk.close();
  desk = await town.open('ann');
  assert.deepEqual([...changes(atPassing), ...changes(once), ...changes(await watching(desk))], []);
  assert.deepEqual(changes(atPhone), [`added ${thief.device}`, `revoked ${thief.device}`]);
});

test('C2 a device that the directory hides is told of when it takes part in a conversation', async () => {
  const atDesk = await watching(desk);
  await desk.groups.join('lobby');
  const { people } = town.directory.site.core;
  const honest = people.devices.bind(people);
  people.devices = async (folded) => {
    const answer = await honest(folded);
    return { ...answer, devices: answer.devices.filter(({ label }) => label !== 'hidden') };
  };
  const { devices } = town.directory.site.core;
  const enrol = devices.enrol.bind(devices);
  devices.enrol = (account, csr) => enrol(account, csr, 'hidden');
  const spy = await town.open('ann', 'spy');
  await spy.groups.join('lobby');
  const told = (await event(atDesk, 'account', isOf(spy.device, 'added'))) as DeviceEvent;
  assert.deepEqual([told.unlisted, told.device.name], [true, '']);
  await desk.send('#lobby', 'who is there?');
  assert.equal(changes(atDesk).filter((one) => one.endsWith(spy.device)).length, 1);
});
