import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { startDirectory } from '../../src/directory/directory.js';
import { registerAccount } from '../../src/peer/account/register.js';
import type { AskCode } from '../../src/peer/api/account.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { loginPeer, openPeer } from '../../src/peer/session/open.js';
import { Authenticator } from '../support/authenticator.js';
import { afterwards, temporaryFolder } from '../support/directory.js';
import { PASSWORD } from '../support/town.js';
import { WarpClock } from '../support/warp.js';

const NEXT = 'quite another one of 9 words';
const DAY = 24 * 3_600_000;
const LOOPBACK = { host: '127.0.0.1', port: 0 };
const coded = (code: Code) => (error: unknown) => hasCode(error, code);

async function closing<T>(peer: PeerApi, use: (peer: PeerApi) => Promise<T> | T): Promise<T> {
  try {
    return await use(peer);
  } finally {
    await peer.close();
  }
}

/** A directory as it was four days ago: longer than a certificate lives. */
async function directoryOfThen(t: TestContext) {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'directory');
  const fourDaysAgo = new WarpClock();
  fourDaysAgo.set(-4 * DAY);
  const then = { clock: fourDaysAgo, random: systemRandom };
  const before = await startDirectory({ data, listen: LOOPBACK, clock: fourDaysAgo });
  return { folder, data, fourDaysAgo, then, before };
}

test('N26 a device that was away for longer than its certificate lives comes back by its password, as the same device', async (t) => {
  const { folder, data, fourDaysAgo, then, before } = await directoryOfThen(t);
  const { link, port } = before;
  const homes = { ada: join(folder, 'ada'), ben: join(folder, 'ben') };
  for (const [user, home] of Object.entries(homes)) {
    await registerAccount({ home, directory: link, user, password: PASSWORD }, then);
  }
  const opening = (home: string) => ({ home, password: PASSWORD, listen: '127.0.0.1:0' });
  const device = await closing(await openPeer(opening(homes.ada), then), (peer) => peer.device);
  const app = await closing(await openPeer(opening(homes.ben), then), async ({ account }) => {
    const secret = new Authenticator((await account.secondFactor.begin(PASSWORD)).secret, () => fourDaysAgo.now());
    await account.secondFactor.confirm(secret.next());
    return secret;
  });
  await before.close();

  // Away together with the directory: what is kept opens all the same.
  await closing(await openPeer(opening(homes.ada)), ({ directoryState }) => assert.equal(directoryState, 'offline'));
  const now = await startDirectory({ data, listen: { ...LOOPBACK, port } });
  afterwards(t, () => now.close());
  // A5: nor does a stranger who guesses at the name keep anybody from what is here.
  const { guard, clock } = now.site.core;
  for (let i = 0; i < 3; i++) guard.start({ folded: 'ada', address: '192.0.2.1' }, clock.monotonic());
  await closing(await openPeer(opening(homes.ada)), ({ directoryState }) => assert.equal(directoryState, 'offline'));
  guard.forget('ada', clock.monotonic());
  await closing(await openPeer(opening(homes.ada)), async (peer) => {
    assert.deepEqual([peer.directoryState, peer.device], ['online', device]);
    assert.deepEqual(
      (await peer.account.devices()).map((one) => one.device),
      [device],
    );
  });

  // A7: with a second factor it takes a code, and a program that cannot ask says so.
  await assert.rejects(openPeer(opening(homes.ben)), coded('second-factor-needed'));
  fourDaysAgo.set(4 * DAY);
  const askCode: AskCode = async (why) => {
    assert.equal(why.code, 'second-factor-needed');
    return app.next();
  };
  await closing(await loginPeer({ ...opening(homes.ben), askCode }), ({ directoryState }) =>
    assert.equal(directoryState, 'online'),
  );
});

test('A10 a device that was shut out stays out until somebody logs in there again', async (t) => {
  const folder = await temporaryFolder(t);
  const directory = await startDirectory({ listen: LOOPBACK, store: 'memory' });
  afterwards(t, () => directory.close());
  const account = { user: 'ada', password: PASSWORD, directory: directory.link, listen: '127.0.0.1:0' };
  const [desk, laptop] = [join(folder, 'desk'), join(folder, 'laptop')];
  await registerAccount({ ...account, home: desk });
  const device = await closing(await loginPeer({ ...account, home: laptop }), (peer) => peer.device);
  await closing(await openPeer({ ...account, home: desk }), (peer) => peer.account.revokeDevice(device, PASSWORD));
  await closing(await openPeer({ ...account, home: laptop }), ({ directoryState }) =>
    assert.equal(directoryState, 'offline', 'no command brings it back unasked'),
  );
  await closing(await loginPeer({ ...account, home: laptop }), ({ directoryState }) =>
    assert.equal(directoryState, 'offline', 'nor a program that is started again'),
  );
  await closing(await loginPeer({ ...account, home: laptop, rejoin: true }), (peer) =>
    assert.deepEqual([peer.directoryState, peer.device], ['online', device]),
  );

  // The password was changed while it was out.
  await closing(await openPeer({ ...account, home: desk }), async (peer) => {
    await peer.account.revokeDevice(device, PASSWORD);
    await peer.changePassword(PASSWORD, NEXT);
  });
  await assert.rejects(loginPeer({ ...account, home: laptop, rejoin: true }), coded('password-elsewhere'));
  await closing(await loginPeer({ ...account, home: laptop, password: NEXT, rejoin: true }), (peer) =>
    assert.deepEqual([peer.directoryState, peer.device], ['online', device]),
  );
});

test('a password changed on one device opens the others, with all they keep, and the old one does no more', async (t) => {
  const folder = await temporaryFolder(t);
  const directory = await startDirectory({ listen: LOOPBACK, store: 'memory' });
  afterwards(t, () => directory.close());
  const account = { user: 'ada', password: PASSWORD, directory: directory.link, listen: '127.0.0.1:0' };
  const [desk, laptop] = [join(folder, 'desk'), join(folder, 'laptop')];
  await registerAccount({ ...account, home: desk });
  await registerAccount({ ...account, user: 'ben', home: join(folder, 'ben') });
  const { id } = await closing(await loginPeer({ ...account, home: laptop }), (peer) => peer.send('ben', 'kept here'));
  const app = await closing(await openPeer({ ...account, home: desk }), async ({ account: own }) => {
    const secret = new Authenticator((await own.secondFactor.begin(PASSWORD)).secret);
    await own.secondFactor.confirm(secret.next());
    return secret;
  });
  await closing(await openPeer({ ...account, home: desk }), (peer) => peer.changePassword(PASSWORD, NEXT));
  const changed = { ...account, home: laptop, password: NEXT };
  await assert.rejects(openPeer({ ...changed, password: 'neither of the two' }), coded('wrong-password'));
  await assert.rejects(openPeer(changed), coded('second-factor-needed'), 'right, and a code is wanted for the vault');
  await closing(await loginPeer({ ...changed, code: app.next() }), async (peer) => {
    const [line] = await peer.history({ conversation: '@ben' });
    assert.deepEqual([peer.directoryState, line?.id, line?.text], ['online', id, 'kept here']);
  });
  await closing(await openPeer(changed), ({ directoryState }) => assert.equal(directoryState, 'online'));
  await assert.rejects(openPeer({ ...account, home: laptop }), coded('wrong-password'));
});

test('A10 a device that was shut out stays out, also where its certificate has ended meanwhile', async (t) => {
  const { folder, data, then, before } = await directoryOfThen(t);
  const account = { user: 'ada', password: PASSWORD, directory: before.link, listen: '127.0.0.1:0' };
  const [desk, laptop] = [join(folder, 'desk'), join(folder, 'laptop')];
  await registerAccount({ ...account, home: desk }, then);
  const device = await closing(await loginPeer({ ...account, home: laptop }, then), (peer) => peer.device);
  await closing(await openPeer({ ...account, home: desk }, then), (peer) =>
    peer.account.revokeDevice(device, PASSWORD),
  );
  await before.close();
  const now = await startDirectory({ data, listen: { ...LOOPBACK, port: before.port } });
  afterwards(t, () => now.close());
  for (const open of [openPeer, loginPeer]) {
    await closing(await open({ ...account, home: laptop }), ({ directoryState }) =>
      assert.equal(directoryState, 'offline', 'no program that is started brings it back unasked'),
    );
  }
  await closing(await loginPeer({ ...account, home: laptop, rejoin: true }), ({ directoryState }) =>
    assert.equal(directoryState, 'online'),
  );
});
