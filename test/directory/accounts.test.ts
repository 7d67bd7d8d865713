import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { finishRegistration, startLogin, startRegistration } from '../../src/crypto/login.js';
import { runLine } from '../../src/directory/console/console.js';
import { type DirectoryMethods, directoryMethods, enrolMethods } from '../../src/wire/directory.js';
import { parseLink } from '../../src/wire/link.js';
import type { MethodName } from '../../src/wire/rpc.js';
import { afterwards, testDirectory } from '../support/directory.js';
import {
  dialDevice,
  type EnrolClient,
  login,
  loginOn,
  openEnrol,
  passwordOn,
  readRoster,
  register,
  registerOn,
  signIn,
} from '../support/directory-client.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure, String(error));
  return error;
}

async function loginStart(channel: EnrolClient, user: string) {
  const { request } = await startLogin('a guess');
  return channel.request('login.start', { user, request });
}

test('whoever redeems the owner invite is super-admin, once; everyone after is beginner', async (t) => {
  const directory = await testDirectory(t);
  const { link, ownerInvite } = directory;
  assert.ok(ownerInvite);
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const first = await registerOn(channel, link, 'owner', { invite: ownerInvite });
  assert.equal(first.answer.role, 'super-admin');
  assert.equal(directory.ownerInvite, undefined);
  const again = await channel.request('register.finish', first.params);
  assert.equal(again.role, 'super-admin', 'the same registration again, because its answer was lost');
  await assert.rejects(registerOn(channel, link, 'second', { invite: ownerInvite }), coded('invite-used'));
  const third = await registerOn(channel, link, 'third');
  assert.equal(third.answer.role, 'beginner');
});

test('A7 one name, 100 registrations at once: exactly one wins', async (t) => {
  const { link } = await testDirectory(t);
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const account = { directoryId: parseLink(link).fingerprint, folded: 'alice' };
  const pending = await startRegistration('correct horse battery');
  const { response } = await channel.request('register.start', { user: 'alice', request: pending.request });
  const { record } = await finishRegistration(pending, { account, password: 'correct horse battery', response });
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) =>
      channel.request('register.finish', {
        user: index % 2 ? 'alice' : 'ALICE',
        record,
        identityKey: SigningKey.generate(systemRandom).publicKey,
        backup: new Uint8Array(60),
      }),
    ),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results) if (result.status === 'rejected') assert.ok(hasCode(result.reason, 'name-taken'));
});

test('a taken, reserved or invalid name is told before the password is stretched, and another may follow', async (t) => {
  const { link } = await testDirectory(t);
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  await registerOn(channel, link, 'alice');
  const { request } = await startRegistration('x');
  for (const [user, code] of [
    ['Alice', 'name-taken'],
    ['system', 'name-reserved'],
    ['аlice', 'name-invalid'],
    ['a b', 'name-invalid'],
    ['', 'name-invalid'],
  ] as const) {
    const failure = await failureOf(channel.request('register.start', { user, request }));
    assert.equal(failure.code, code);
    assert.equal(failure.reason, 'usage');
    assert.notEqual(failure.hint, '');
  }
  assert.equal((await registerOn(channel, link, 'bob')).answer.role, 'beginner');
});

test('registration by invitation: single, counted, expiring; and closed', async (t) => {
  const directory = await testDirectory(t, { registration: 'invite' });
  const { link } = directory;
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  await assert.rejects(registerOn(channel, link, 'a'), coded('invite-needed'));
  await assert.rejects(registerOn(channel, link, 'a', { invite: 'wrong' }), coded('invite-invalid'));
  const [made] = await runLine(directory, 'invite 2');
  const invite = made!.json.invite as string;
  await registerOn(channel, link, 'a', { invite });
  await assert.rejects(registerOn(channel, link, 'A', { invite }), coded('name-taken'));
  await registerOn(channel, link, 'b', { invite });
  await assert.rejects(registerOn(channel, link, 'c', { invite }), coded('invite-used'));
  const { core } = directory.site;
  const old = await core.invitations.create({ uses: 1, lifetimeMs: -1, by: 'test' });
  await assert.rejects(registerOn(channel, link, 'c', { invite: old.token }), coded('invite-expired'));
  await runLine(directory, 'registration closed');
  await registerOn(channel, link, 'owner', { invite: directory.ownerInvite! });
  await assert.rejects(registerOn(channel, link, 'd', { invite }), coded('registration-closed'));
});

test('A1 the first answer of a login is the same for known, unknown and impossible names', async (t) => {
  const { link } = await testDirectory(t);
  await register(link, 'alice');
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const answers = await Promise.all(
    ['alice', 'nobody', 'ALICE ', 'аlice', '-'].map((user) => loginStart(channel, user)),
  );
  assert.equal(new Set(answers.map(({ response }) => response.length)).size, 1);
  const failures = await Promise.all(
    answers.map(({ login }) =>
      failureOf(channel.request('login.finish', { login, finish: new Uint8Array(64).fill(7) })),
    ),
  );
  assert.equal(new Set(failures.map(({ code, message, hint }) => `${code} ${message} ${hint}`)).size, 1);
});

test('A2 three logins broken off block the name from every channel, for as long as said; others log in on the same one', async (t) => {
  const { link } = await testDirectory(t, { blockAfter: 3, blockSeconds: 10 });
  await register(link, 'alice');
  await register(link, 'bob');
  const [one, two] = await Promise.all([openEnrol(link), openEnrol(link)]);
  afterwards(t, () => Promise.all([one.close(), two.close()]));
  for (let i = 0; i < 3; i++) await loginStart(one, 'alice');
  for (const channel of [one, two]) {
    const failure = await failureOf(loginStart(channel, 'Alice'));
    assert.equal(failure.code, 'name-blocked');
    assert.equal(failure.reason, 'blocked');
    assert.ok((failure.details.seconds as number) <= 10 && (failure.details.seconds as number) > 7);
    assert.match(failure.message, /blocked for \d+ s/);
  }
  assert.equal((await loginOn(one, link, 'bob')).user, 'bob');
});

test('A5 the known device of a blocked name comes in, and may change the password', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const stranger = await openEnrol(link);
  afterwards(t, () => stranger.close());
  for (let i = 0; i < 3; i++) await loginStart(stranger, 'alice');
  await assert.rejects(loginStart(stranger, 'alice'), coded('name-blocked'));
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  await passwordOn(client as never, link, 'alice');
});

test('A6 registrations from one address are throttled, and the number of accounts is capped', async (t) => {
  const limits = { registrationsPerAddress: { burst: 3, perSecond: 0.01 }, accounts: 2 };
  const { link } = await testDirectory(t, { limits });
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  await registerOn(channel, link, 'a');
  await registerOn(channel, link, 'b');
  assert.equal((await failureOf(registerOn(channel, link, 'c'))).code, 'accounts-full');
  assert.equal((await failureOf(registerOn(channel, link, 'd'))).code, 'rate-limited');
});

test('A11 malformed OPAQUE elements are typed errors, let nobody in and crash nothing', async (t) => {
  const { link } = await testDirectory(t, { blockAfter: 1_000 });
  await register(link, 'alice');
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const zeros = (length: number) => new Uint8Array(length);
  const ones = (length: number) => new Uint8Array(length).fill(0xff);
  for (const request of [zeros(96), ones(96), zeros(16), ones(1024), ones(95)]) {
    const failure = await failureOf(channel.request('login.start', { user: 'alice', request }));
    assert.match(failure.code, /^(login-malformed|malformed)$/);
  }
  for (const finish of [zeros(64), ones(64), zeros(16), ones(1024)]) {
    const { login } = await loginStart(channel, 'alice');
    const failure = await failureOf(channel.request('login.finish', { login, finish }));
    assert.match(failure.code, /^(login-malformed|wrong-credentials)$/);
  }
  for (const request of [zeros(32), ones(32), zeros(31)]) {
    await assert.rejects(channel.request('register.start', { user: 'eve', request }), coded('login-malformed'));
  }
  const eve = { user: 'eve', identityKey: SigningKey.generate(systemRandom).publicKey, backup: zeros(60) };
  for (const record of [zeros(192), ones(192), ones(100)]) {
    await assert.rejects(channel.request('register.finish', { ...eve, record }), coded('login-malformed'));
  }
  await assert.rejects(channel.request('login.finish', { login: 9_999, finish: ones(64) }), coded('wrong-credentials'));
  assert.equal((await loginOn(channel, link, 'alice')).user, 'alice');
});

test('enrolling takes a login on the same channel, for the request it was made with', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  const csr = new Uint8Array(100);
  const enrol = { csr, proof: new Uint8Array(32), label: 'x' };
  await assert.rejects(channel.request('enrol', enrol), coded('login-needed'));
  await passwordOn(channel, link, 'alice');
  await assert.rejects(channel.request('enrol', enrol), coded('enrol-proof'));
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  assert.equal((await readRoster(client, link, 'alice')).devices.length, 1);
});

test('A10 logging out ends this device: certificate revoked, session cut, roster without it; others stay', async (t) => {
  const { link } = await testDirectory(t);
  const laptop = await register(link, 'alice');
  const phone = await login(link, 'alice');
  const bob = await signIn(link, await register(link, 'bob'));
  const [onLaptop, onPhone] = await Promise.all([signIn(link, laptop), signIn(link, phone)]);
  afterwards(t, () => Promise.all([bob.close(), onLaptop.close(), onPhone.close()]));
  const before = await readRoster(bob, link, 'alice', true);
  assert.equal(before.devices.length, 2);
  await onLaptop.request('logout', { everywhere: false });
  assert.equal((await onLaptop.notices.next('end')).code, 'logged-out');
  await onLaptop.closed;
  await bob.notices.next('crl');
  const { version } = await bob.notices.next('roster', (notice) => notice.version > before.version);
  const after = await readRoster(bob, link, 'alice');
  assert.deepEqual(
    after.devices.map(({ certificate }) => certificate),
    [phone.certificate],
  );
  assert.equal(after.version, version);
  await assert.rejects(signIn(link, laptop), coded('certificate-revoked'));
  await onPhone.request('users.list', { limit: 10 });
  const again = await login(link, 'alice', { key: laptop.key });
  await (await signIn(link, again)).close();
  await assert.rejects(signIn(link, laptop), coded('certificate-revoked'), 'the old certificate stays revoked');
});

test('A10 logging out everywhere and deleting the account end all devices; the name stays taken', async (t) => {
  const { link } = await testDirectory(t);
  const first = await register(link, 'alice');
  const second = await login(link, 'alice');
  const [one, two] = await Promise.all([signIn(link, first), signIn(link, second)]);
  await assert.rejects(one.request('logout', { everywhere: true }), coded('login-needed'));
  await passwordOn(one as never, link, 'alice');
  await one.request('logout', { everywhere: true });
  await Promise.all([one.closed, two.closed]);
  const third = await login(link, 'alice');
  const client = await signIn(link, third);
  await assert.rejects(client.request('account.delete', {}), coded('login-needed'));
  await passwordOn(client as never, link, 'alice');
  await client.request('account.delete', {});
  assert.equal((await client.notices.next('end')).code, 'account-deleted');
  await client.closed;
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  await assert.rejects(passwordOn(channel, link, 'alice'), coded('wrong-credentials'));
  await assert.rejects(registerOn(channel, link, 'alice'), coded('name-taken'));
  await assert.rejects(signIn(link, third), coded('certificate-revoked'));
});

test('a changed password counts from then on, and takes a login of the same account on the same channel', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  await register(link, 'bob');
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  const pending = await startRegistration('another long password');
  await assert.rejects(client.request('password.start', { request: pending.request }), coded('login-needed'));
  await assert.rejects(passwordOn(client as never, link, 'bob'), coded('login-other'));
  const { account } = await passwordOn(client as never, link, 'alice');
  const { response } = await client.request('password.start', { request: pending.request });
  const { record } = await finishRegistration(pending, { account, password: 'another long password', response });
  await client.request('password.finish', { record, backup: new Uint8Array(60) });
  const channel = await openEnrol(link);
  afterwards(t, () => channel.close());
  await assert.rejects(passwordOn(channel, link, 'alice'), coded('wrong-credentials'));
  await passwordOn(channel, link, 'alice', 'another long password');
});

test('A9 a stranger can ask for nothing but registration and login, and nobody for anything before hello', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const stranger = await openEnrol(link);
  afterwards(t, () => stranger.close());
  const silent = await dialDevice(link, alice);
  afterwards(t, () => silent.close());
  for (const method of Object.keys(directoryMethods) as MethodName<DirectoryMethods>[]) {
    if (!Object.hasOwn(enrolMethods, method)) {
      await assert.rejects(stranger.request(method as never, {} as never), coded('method-unknown'), method);
    }
    if (method === 'hello') continue;
    await assert.rejects(silent.request(method, minimal[method] as never), coded('hello-first'), method);
  }
  for (const method of ['constructor', 'enrol', 'register.start']) {
    await assert.rejects(silent.request(method as never, {} as never), coded('method-unknown'), method);
  }
});

const id = new Uint8Array(16);
const message = new Uint8Array(96);

/** Params of the right form for each request. */
const minimal: Readonly<Record<Exclude<MethodName<DirectoryMethods>, 'hello'>, object>> = {
  'pairing.open': {},
  'pairing.invite': {},
  'pairing.answer': { number: 1, message: new Uint8Array(1) },
  'pairing.close': { number: 1, wrong: false },
  'login.start': { user: 'alice', request: message },
  'login.finish': { login: 1, finish: message },
  'crl.get': { number: 0 },
  'preferences.get': {},
  'preferences.put': { sealed: new Uint8Array(1) },
  renew: { csr: message },
  'crl.put': { crl: message },
  'password.start': { request: message },
  'password.finish': { record: message, backup: id },
  'account.delete': {},
  'factor.status': {},
  'factor.begin': {},
  'factor.confirm': { code: '123456' },
  'factor.codes': {},
  'factor.off': {},
  'devices.list': {},
  'devices.revoke': { device: '0123456789abcdef' },
  logout: { everywhere: true },
  'presence.set': { state: 'away' },
  'users.list': { limit: 1 },
  'roster.get': { user: 'alice', watch: false },
  'keypackages.publish': { packages: [] },
  'keypackages.claim': { devices: [] },
  'mailbox.put': { parcels: [] },
  'mailbox.read': { after: 0, limit: 1 },
  'mailbox.ack': { through: 0 },
  'direct.get': { user: 'alice' },
  'direct.create': { user: 'alice', number: 1, group: id, parcels: [] },
  'group.commit': { group: id, epoch: 1, commit: id, parcels: [] },
  'group.read': { group: id, from: 0 },
  'groups.list': {},
  'groups.restore': { group: id, entries: [] },
  'groups.find': { name: 'lobby' },
  'groups.create': { group: id, statement: id, signature: new Uint8Array(64), info: id },
  'groups.act': { group: id, statement: id, signature: new Uint8Array(64) },
  'groups.renew': { group: id, statement: id, signature: new Uint8Array(64), info: id },
  'groups.acts': { group: id, from: 0 },
  'groups.info': { group: id },
  'groups.info.put': { group: id, epoch: 0, info: id },
  'groups.welcome': { group: id },
  'groups.welcome.put': { group: id, epoch: 0, devices: [], welcome: id },
  'groups.commit': { group: id, epoch: 0, head: new Uint8Array(32), commit: id, info: id },
  'groups.post': { group: id, id, epoch: 0, sealed: id },
  'groups.signal': { group: id, id, epoch: 1, sealed: id },
  'groups.read': { group: id, from: 1 },
  'uploads.begin': { group: id, upload: id, size: 1 },
  'uploads.put': { group: id, upload: id, block: 0, sealed: id },
  'uploads.finish': { group: id, upload: id },
  'uploads.get': { group: id, upload: id, block: 0 },
  'uploads.list': { group: id },
  'uploads.remove': { group: id, upload: id },
  'relay.token': { user: 'alice', device: '0123456789abcdef', key: new Uint8Array(32) },
  'guests.share': { link: id, head: id, proof: new Uint8Array(32), count: 1, lasts: 1, size: 1 },
  'guests.put': { link: id, block: 0, sealed: id },
  'guests.finish': { link: id },
  'guests.collect': {
    ...{ link: id, head: id, proof: new Uint8Array(32), count: 1, lasts: 1, size: 1, key: new Uint8Array(65) },
  },
  'guests.drops': { link: id },
  'guests.get': { link: id, visit: id, block: 0 },
  'guests.taken': { link: id, visit: id },
  'guests.list': {},
  'guests.end': { link: id },
  call: { user: 'alice', device: '0123456789abcdef', sealed: id },
  'deposits.room': {},
  'deposits.begin': { deposit: id, to: ['ann'], size: 1 },
  'deposits.put': { deposit: id, block: 0, sealed: id },
  'deposits.finish': { deposit: id },
  'deposits.find': { deposit: id },
  'deposits.get': { deposit: id, block: 0 },
  'deposits.taken': { deposit: id },
  'deposits.remove': { deposit: id },
  'ledger.act': { statement: id, signature: new Uint8Array(64) },
  'ledger.read': { from: 0 },
  'ledger.restore': { acts: [] },
};
