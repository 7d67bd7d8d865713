import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { readDeviceCertificate } from '../../src/crypto/certificate.js';
import { Mailboxes } from '../../src/directory/delivery/mailboxes.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { KEY_PACKAGES_KEPT, KEY_PACKAGES_SHARE } from '../../src/wire/limits.js';
import { ManualClock } from '../support/clock.js';
import { readRoster, register, signIn } from '../support/directory-client.js';
import { Town, watch } from '../support/town.js';

const PATIENCE_MS = 60_000;
const DEVICE = '0011223344556677';

const town = await Town.build();
after(() => town.close());

/** Somebody signed in who does nothing but ask, and whom a test asks for. */
async function stranger(name: string) {
  const client = await signIn(town.link, await register(town.link, name));
  const claim = async (user: string) => {
    const { devices } = await readRoster(client, town.link, user);
    const asked = devices.map(({ certificate }) => ({ user, device: readDeviceCertificate(certificate).deviceId }));
    return (await client.request('keypackages.claim', { devices: asked })).packages.map((one) =>
      Buffer.from(one.package).toString('base64'),
    );
  };
  return { client, claim };
}

test('P8 N13 one account takes a share of the key packages of another, and then gets the last resort', async () => {
  await (await town.settle('bob')).close();
  const { client, claim } = await stranger('mallory');
  const taken: string[] = [];
  for (let i = 0; i < KEY_PACKAGES_KEPT + 8; i++) taken.push(...(await claim('bob')));
  assert.equal(taken.length, KEY_PACKAGES_KEPT + 8);
  assert.equal(new Set(taken).size, KEY_PACKAGES_SHARE + 1);
  const other = await stranger('trudy');
  assert.ok(!taken.includes((await other.claim('bob'))[0]!), 'another one gets one of her own');
  await Promise.all([client.close(), other.client.close()]);
});

test('P8 N13 with all key packages taken, people go on writing to one who is away, each for the first time', async () => {
  await (await town.settle('dave')).close();
  for (let i = 0; i * KEY_PACKAGES_SHARE < KEY_PACKAGES_KEPT; i++) {
    const { client, claim } = await stranger(`taker${i}`);
    for (let n = 0; n < KEY_PACKAGES_SHARE; n++) await claim('dave');
    await client.close();
  }
  const { core } = town.directory.site;
  const [device] = (await core.devices.row('dave')).devices;
  assert.equal(await core.keyPackages.count('dave', device!.device), 0);
  for (const user of ['carl', 'cora']) {
    const peer = await town.settle(user);
    const { id } = await peer.send('dave', `from ${user}`);
    assert.equal((await peer.waitFor(id, 'stored', PATIENCE_MS)).state, 'stored');
    await peer.close();
  }
  const dave = await town.open('dave');
  const atDave = watch(dave);
  await dave.replayUnseen();
  await Promise.all([atDave.message('from carl'), atDave.message('from cora')]);
  assert.ok((await core.keyPackages.count('dave', device!.device)) > 0, 'topped up');
  await dave.close();
});

test('P8 N13 of a device without a last resort one account takes its share, and hears that it was that', async () => {
  const old = await register(town.link, 'olga');
  const olga = await signIn(town.link, old);
  const packages = Array.from({ length: KEY_PACKAGES_KEPT }, () => systemRandom.bytes(64));
  await olga.request('keypackages.publish', { packages });
  const { client, claim } = await stranger('mira');
  for (let i = 0; i < KEY_PACKAGES_SHARE; i++) assert.equal((await claim('olga')).length, 1);
  await assert.rejects(
    claim('olga'),
    (error: unknown) => hasCode(error, 'key-packages-share') && Number(error.details.seconds) > 0,
  );
  const other = await stranger('nora');
  assert.equal((await other.claim('olga')).length, 1);
  await Promise.all([olga.close(), client.close(), other.client.close()]);
});

for (const quota of [
  { entries: 100, bytes: 1 << 20 },
  { entries: 10_000, bytes: 20_000 },
]) {
  test(`P8 N13 nobody fills the mailbox of another: of ${quota.entries} entries, ${quota.bytes} bytes`, async () => {
    const store = openMemoryStore();
    const open = () => new Mailboxes({ store, clock: new ManualClock(), quota, onStored: () => {} });
    let boxes = open();
    const put = (user: string) => {
      const parcel = { user: 'bob', device: DEVICE, id: systemRandom.bytes(16), sealed: new Uint8Array(80) };
      return boxes.put({ user, device: DEVICE }, [parcel]);
    };
    const fill = async (user: string): Promise<number> => {
      for (let count = 0; ; count++) {
        try {
          await put(user);
        } catch (error) {
          assert.ok(hasCode(error, 'mailbox-share') && error.reason === 'limit');
          return count;
        }
      }
    };
    const first = await fill('mallory');
    // The same after a restart, and in whatever letters the name is written.
    boxes = open();
    assert.equal(await fill('Mallory'), 0);
    const second = await fill('trudy');
    assert.ok(second >= Math.floor(first / 2) && second > 0, `${first}, then ${second}`);
    await put('carl');
    await boxes.ack('bob', DEVICE, first);
    assert.ok((await fill('mallory')) > 0, 'there is room again where it was fetched');
    await put('bob');
  });
}
