import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LeftMail } from '../../src/directory/delivery/left-mail.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { loginPeer } from '../../src/peer/session/open.js';
import { MAIL_KEPT_MS } from '../../src/wire/limits.js';
import { PASSWORD, Town, watch } from '../support/town.js';
import { WarpClock } from '../support/warp.js';

const PATIENCE_MS = 60_000;

const town = await Town.build();
after(() => town.close());

async function stored(peer: PeerApi, to: string, text: string): Promise<string> {
  const { id } = await peer.send(to, text);
  assert.equal((await peer.waitFor(id, 'stored', PATIENCE_MS)).state, 'stored');
  return id;
}

/** Two who know each other; the second one's only device is away. */
async function acquainted(one: string, other: string): Promise<{ here: PeerApi; device: string }> {
  const [here, there] = [await town.settle(one), await town.settle(other)];
  const at = watch(there);
  await here.send(other, 'hello');
  await at.message('hello');
  const { device } = there;
  await there.close();
  return { here, device };
}

const rejoin = (user: string): Promise<PeerApi> =>
  loginPeer({
    home: town.home(user),
    user,
    password: PASSWORD,
    directory: town.link,
    listen: '127.0.0.1:0',
    rejoin: true,
  });

test('N14 what is stored for a device that somebody logs out is there when it logs in again', async () => {
  const { here } = await acquainted('ada', 'bob');
  await stored(here, 'bob', 'waits for you');
  await here.close();
  const thief = await town.open('bob', 'thief');
  await thief.logout(true, PASSWORD);
  const bob = await rejoin('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.message('waits for you');
  await bob.close();
});

test('N14 what is stored for somebody who is banned is there when the ban is over', async () => {
  const owner = await town.owner();
  const { here } = await acquainted('cat', 'dan');
  await stored(here, 'dan', 'waits for you');
  await here.close();
  await owner.groups.ban('dan', {});
  await owner.groups.unban('dan');
  const dan = await rejoin('dan');
  const atDan = watch(dan);
  await dan.replayUnseen();
  await atDan.message('waits for you');
  await Promise.all([dan.close(), owner.close()]);
});

test('N14 what is stored for a device that is shut out for good reaches the one which its person has now', async () => {
  const { here, device } = await acquainted('eve', 'fay');
  const id = await stored(here, 'fay', 'for a device that is lost');
  const phone = await town.open('fay', 'fay-phone');
  const atPhone = watch(phone);
  await phone.account.revokeDevice(device, PASSWORD);
  await atPhone.message('for a device that is lost');
  await here.waitFor(id, 'delivered', PATIENCE_MS);
  await Promise.all([here.close(), phone.close()]);
});

test('N14 what was sealed for a device that is gone before the directory had it is sealed for the one there is', async () => {
  const { here, device } = await acquainted('gus', 'hal');
  const port = await town.stopDirectory();
  const { id } = await here.send('hal', 'sealed while the directory was away');
  await here.close();
  await town.startDirectory(port);
  const phone = await town.open('hal', 'hal-phone');
  const atPhone = watch(phone);
  await phone.account.revokeDevice(device, PASSWORD);
  const gus = await town.open('gus');
  await atPhone.message('sealed while the directory was away');
  await gus.waitFor(id, 'delivered', PATIENCE_MS);
  await Promise.all([gus.close(), phone.close()]);
});

test('N14 mail of a device that does not come back goes when its time is over', async () => {
  const { here, device } = await acquainted('ida', 'jan');
  await stored(here, 'jan', 'for nobody');
  await here.close();
  const { core } = town.directory.site;
  await (await town.open('jan', 'jan-phone')).account.revokeDevice(device, PASSWORD);
  const clock = new WarpClock();
  const left = new LeftMail({ ...core, clock });
  const count = async () => (await core.mailboxes.read('jan', device, 0, 10, 1 << 20)).entries.length;
  await left.sweep();
  assert.ok((await count()) > 0);
  clock.leap(MAIL_KEPT_MS);
  await left.sweep();
  assert.equal(await count(), 0);
});
