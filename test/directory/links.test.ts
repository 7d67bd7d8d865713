import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { utf8 } from '../../src/base/bytes.js';
import { type Code, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { enrolClientTls } from '../../src/crypto/tls.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { rpcMessage } from '../../src/wire/rpc.js';
import { afterwards, testDirectory } from '../support/directory.js';
import {
  dialDevice,
  dialTls,
  helloParams,
  openEnrol,
  readRoster,
  register,
  signIn,
} from '../support/directory-client.js';
import { seededRandom } from '../support/random.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

/** Resolves when the other side has closed the socket. */
const closedBy = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => resolve());
  });

test('P1 TLS 1.2, no application protocol and a wrong one are refused; no session can be resumed', async (t) => {
  const { link } = await testDirectory(t);
  const { host, port } = parseLink(link);
  const refused = async (options: ConnectionOptions) => {
    const socket = connectTls({ host, port, ...options });
    let data = 0;
    socket.on('secureConnect', () => socket.write(encodeFrame(rpcMessage.encode({ t: 'ping' }))));
    socket.on('data', (chunk) => {
      data += chunk.length;
    });
    await closedBy(socket);
    assert.equal(data, 0);
  };
  await refused({
    ...enrolClientTls(),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    sigalgs: undefined as never,
    ciphers: undefined as never,
  });
  await refused({ rejectUnauthorized: false, minVersion: 'TLSv1.3' });
  await refused({ ...enrolClientTls(), ALPNProtocols: ['h2'] });
  const channel = await openEnrol(link);
  let session = 0;
  channel.socket.on('session', () => session++);
  await channel.close();
  assert.equal(session, 0);
});

test('P4 slow sockets are closed at the deadline, others are served meanwhile, and one address has its share', async (t) => {
  const { link } = await testDirectory(t, { limits: { helloDeadline: 400, strangersPerAddress: 40 } });
  const alice = await register(link, 'alice');
  const { host, port } = parseLink(link);
  const kinds = [
    async () => connect({ host, port }),
    async () => {
      const socket = connect({ host, port });
      socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
      return socket;
    },
    () => dialTls({ host, port, fingerprint: '' }, enrolClientTls()),
  ];
  const slow = await Promise.all(Array.from({ length: 30 }, (_, index) => kinds[index % 3]!()));
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  await client.request('users.list', { limit: 1 });
  const crowd = Array.from({ length: 30 }, () => connect({ host, port }));
  await Promise.all([...slow, ...crowd].map(closedBy));
  await client.request('users.list', { limit: 1 });
  const channel = await openEnrol(link);
  await channel.close();
});

test('P5 hostile frames are typed errors or the end of that channel, never of the directory', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const random = seededRandom('hostile frames');
  const deep = new Uint8Array(5000).fill(0x81);
  const hostile = [
    Uint8Array.of(0xff, 0xff, 0xff, 0xff),
    new Uint8Array([0, 0x20, 0, 0, 1]),
    encodeFrame(deep),
    encodeFrame(Uint8Array.of(0xa1, 0x61, 0x74)),
    encodeFrame(rpcMessage.encode({ t: 'q', i: 0, m: 'hello', p: {} })),
    ...Array.from({ length: 20 }, () => encodeFrame(random.bytes(200))),
  ];
  for (const bytes of hostile) {
    const channel = await dialDevice(link, alice);
    channel.socket.write(bytes);
    channel.socket.end();
    await channel.closed;
  }
  for (const params of [{}, { ...helloParams(), starts: -1 }, { ...helloParams(), instance: new Uint8Array(3) }]) {
    const client = await dialDevice(link, alice);
    await assert.rejects(client.request('hello', params as never), coded('malformed'));
    await client.close();
  }
  const good = await signIn(link, alice);
  afterwards(t, () => good.close());
  for (const [method, params] of [
    ['mailbox.read', { after: -1, limit: 1 }],
    ['mailbox.read', { after: 0, limit: 65 }],
    ['roster.get', { user: 'x'.repeat(33), watch: false }],
    ['keypackages.claim', { devices: [{ user: 'alice', device: '../../etc' }] }],
    ['mailbox.put', { parcels: 'all' }],
    ['presence.set', { state: 'nowhere' }],
  ] as const) {
    await assert.rejects(good.request(method, params as never), coded('malformed'));
  }
  await good.request('users.list', { limit: 1 });
});

test('P5 before hello a frame may be small only, and after it of full size', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const early = await dialDevice(link, alice);
  early
    .request('mailbox.put', {
      parcels: [{ user: 'alice', device: alice.device, id: new Uint8Array(16), sealed: new Uint8Array(20_000) }],
    })
    .catch(() => {});
  await early.closed;
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  const sealed = new Uint8Array(250_000);
  const parcels = Array.from({ length: 4 }, () => ({
    user: 'alice',
    device: alice.device,
    id: systemRandom.bytes(16),
    sealed,
  }));
  await client.request('mailbox.put', { parcels });
  await client.notices.next('mailbox', ({ position }) => position === 4);
  const page = await client.request('mailbox.read', { after: 0, limit: 64 });
  assert.ok(page.more && page.entries.length < 4, 'a page fits in a frame');
  const tooMuch = client.request('mailbox.put', { parcels: [...parcels, ...parcels] });
  await assert.rejects(tooMuch, coded('unencodable'), 'what the other side would not take does not leave');
  await client.request('users.list', { limit: 1 });
  client.socket.write(encodeFrame(new Uint8Array(FRAME_BYTES + 1)));
  await client.closed;
});

test('P7 a channel reset in mid-frame leaves nothing half done, and the message is stored once when it is sent again', async (t) => {
  const { link } = await testDirectory(t);
  const [alice, bob] = [await register(link, 'alice'), await register(link, 'bob')];
  const parcel = { user: 'bob', device: bob.device, id: systemRandom.bytes(16), sealed: systemRandom.bytes(50_000) };
  const frame = encodeFrame(rpcMessage.encode({ t: 'q', i: 2, m: 'mailbox.put', p: { parcels: [parcel] } }));
  for (const cut of [1, 4, 100, frame.length - 1, frame.length]) {
    const client = await signIn(link, alice);
    await new Promise((resolve) => client.socket.write(frame.subarray(0, cut), resolve));
    client.socket.destroy();
    await client.closed;
  }
  const client = await signIn(link, alice);
  await client.request('mailbox.put', { parcels: [parcel] });
  const reader = await signIn(link, bob);
  afterwards(t, () => Promise.all([client.close(), reader.close()]));
  const { entries } = await reader.request('mailbox.read', { after: 0, limit: 10 });
  assert.deepEqual(
    entries.map(({ id }) => id),
    [parcel.id],
  );
});

test('A9 nobody reads or writes the groups and mailboxes of others', async (t) => {
  const { link } = await testDirectory(t);
  const [alice, bob, eve] = await Promise.all(['alice', 'bob', 'eve'].map((user) => register(link, user)));
  const [a, b, e] = await Promise.all([signIn(link, alice!), signIn(link, bob!), signIn(link, eve!)]);
  afterwards(t, () => Promise.all([a.close(), b.close(), e.close()]));
  const group = systemRandom.bytes(16);
  await a.request('direct.create', { user: 'bob', number: 1, group, parcels: [] });
  const spying = e.request('group.read', { group, from: 0 });
  await assert.rejects(spying, coded('group-unknown'));
  await assert.rejects(
    e.request('group.commit', { group, epoch: 1, commit: utf8('x'), parcels: [] }),
    coded('group-unknown'),
  );
  await assert.rejects(
    e.request('direct.create', { user: 'bob', number: 1, group, parcels: [] }),
    coded('group-taken'),
  );
  assert.deepEqual(await e.request('direct.get', { user: 'bob' }), { number: 0 });
  const outside = { user: 'eve', device: eve!.device, id: systemRandom.bytes(16), sealed: utf8('x') };
  await assert.rejects(
    a.request('group.commit', { group, epoch: 1, commit: utf8('x'), parcels: [outside] }),
    coded('device-unknown'),
  );
  assert.deepEqual((await b.request('group.read', { group, from: 0 })).commits, [], 'a refused commit is not stored');
  await assert.rejects(
    a.request('mailbox.put', { parcels: [{ ...outside, device: '0000000000000000' }] }),
    coded('device-unknown'),
  );
  await assert.rejects(a.request('roster.get', { user: 'nobody', watch: true }), coded('user-unknown'));
});

test('more messages than allowed are refused with the seconds to wait', async (t) => {
  const { link } = await testDirectory(t, { limits: { messages: { burst: 5, perSecond: 1 } } });
  const alice = await register(link, 'alice');
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  const put = () =>
    client.request('mailbox.put', {
      parcels: [{ user: 'alice', device: alice.device, id: systemRandom.bytes(16), sealed: utf8('x') }],
    });
  const results = await Promise.allSettled(Array.from({ length: 8 }, put));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.ok(refused.length >= 2 && refused.length <= 3);
  for (const { reason } of refused) {
    assert.ok(hasCode(reason, 'rate-limited'));
    assert.equal(reason.reason, 'limit');
    assert.ok((reason.details.seconds as number) > 0);
  }
});

test('the newer session of a device takes the place of the older one, and watchers see it come and go', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const bob = await signIn(link, await register(link, 'bob'));
  afterwards(t, () => bob.close());
  await readRoster(bob, link, 'alice', true);
  const hello = helloParams(3);
  const first = await signIn(link, alice, hello);
  await bob.notices.next('presence', ({ state }) => state === 'online');
  const second = await signIn(link, alice, { ...hello, state: 'away' });
  assert.equal((await first.notices.next('end')).code, 'session-replaced');
  await first.closed;
  assert.equal(second.welcome.startsSeen, 3);
  await bob.notices.next('presence', ({ state }) => state === 'away');
  const third = await signIn(link, alice, helloParams(4));
  assert.equal((await second.notices.next('end')).code, 'device-elsewhere');
  await third.request('presence.set', { state: 'online', endpoints: [{ host: '192.0.2.1', port: 5 }] });
  const roster = await readRoster(bob, link, 'alice');
  assert.deepEqual(roster.devices[0]!.endpoints, [{ host: '192.0.2.1', port: 5 }]);
  const { users } = await bob.request('users.list', { limit: 10 });
  assert.deepEqual(
    users.map(({ user, state }) => [user, state]),
    [
      ['alice', 'online'],
      ['bob', 'online'],
    ],
  );
  await third.close();
  await bob.notices.next('presence', ({ state }) => state === 'offline');
});

test('the list of users is cut into pages', async (t) => {
  const { link } = await testDirectory(t);
  const client = await signIn(link, await register(link, 'm'));
  afterwards(t, () => client.close());
  for (const user of ['a', 'z', 'm-2']) await register(link, user);
  const names: string[] = [];
  for (let after: string | undefined; ; after = names.at(-1)) {
    const page = await client.request('users.list', { limit: 2, ...(after !== undefined && { after }) });
    names.push(...page.users.map(({ user }) => user));
    if (!page.more) break;
  }
  assert.deepEqual(names, ['a', 'm', 'm-2', 'z']);
});
