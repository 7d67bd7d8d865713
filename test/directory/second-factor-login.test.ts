import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { NO_ACTS, signStatement } from '../../src/crypto/acts.js';
import { createCsr } from '../../src/crypto/csr.js';
import { sealIdentityBackup, signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { enrolProof, finishLogin, finishRegistration, startLogin, startRegistration } from '../../src/crypto/login.js';
import { signRecovery } from '../../src/crypto/recovery.js';
import { enrolExporter } from '../../src/crypto/tls.js';
import { runLine } from '../../src/directory/console/console.js';
import type { DirectoryOptions } from '../../src/directory/directory.js';
import { parseLink } from '../../src/wire/link.js';
import { Authenticator } from '../support/authenticator.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { type EnrolClient, openEnrol, PASSWORD, passwordOn, register, signIn } from '../support/directory-client.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const STEP = 30_000;

/** The wall clock stands until it is moved, so that a code is of a step that is known; all else goes on. */
class StandingWall implements Clock {
  #now = Date.now();
  now = (): number => this.#now;
  monotonic = (): number => systemClock.monotonic();
  after = (delay: number, run: () => void) => systemClock.after(delay, run);
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** A directory on which ada has a second factor, and the device she set it up on. */
async function withAda(t: TestContext, options: Partial<DirectoryOptions> = {}) {
  const clock = new StandingWall();
  const directory = await testDirectory(t, { clock, ...options });
  const { link } = directory;
  const ada = await register(link, 'ada');
  const device = await signIn(link, ada);
  afterwards(t, () => device.close());
  await assert.rejects(
    device.request('factor.begin', {}),
    coded('login-needed'),
    'a certificate alone changes nothing',
  );
  await passwordOn(device, link, 'ada');
  const { secret } = await device.request('factor.begin', {});
  const app = new Authenticator(secret, () => clock.now());
  const { codes } = await device.request('factor.confirm', { code: app.next() });
  clock.advance(STEP);
  const enrolment = async (): Promise<EnrolClient> => {
    const channel = await openEnrol(link);
    afterwards(t, () => channel.close());
    return channel;
  };
  return { clock, directory, link, ada, device, app, codes, enrolment };
}

/** A login up to its last message, which may be shown several times. */
async function proven(channel: EnrolClient, link: string, password = PASSWORD) {
  const account = { directoryId: parseLink(link).fingerprint, folded: 'ada' };
  const pending = await startLogin(password);
  const { login, response } = await channel.request('login.start', { user: 'ada', request: pending.request });
  const { message, sessionKey } = await finishLogin(pending, { account, password, response });
  const finish = (code?: string) =>
    channel.request('login.finish', { login, finish: message, ...(code !== undefined && { code }) });
  return { account, login, sessionKey, finish };
}

test('a login waits for the code, and nothing is enrolled without it', async (t) => {
  const { link, ada, app, codes, enrolment } = await withAda(t);
  const channel = await enrolment();
  const { account, sessionKey, finish } = await proven(channel, link);
  await assert.rejects(finish(), coded('second-factor-needed'));
  const key = SigningKey.generate(systemRandom);
  const csr = createCsr(key, {
    user: 'ada',
    identityKey: ada.identity.publicKey,
    statement: signDevice(ada.identity, account, key.publicKey),
  });
  const proof = enrolProof(sessionKey, enrolExporter(channel.socket), csr);
  await assert.rejects(channel.request('enrol', { csr, proof, label: 'x' }), coded('login-needed'));
  await assert.rejects(finish(app.wrong()), coded('second-factor-wrong'));
  await assert.rejects(channel.request('enrol', { csr, proof, label: 'x' }), coded('login-needed'));
  assert.equal((await finish(app.next())).user, 'ada');
  assert.ok((await channel.request('enrol', { csr, proof, label: 'x' })).certificate);
  await assert.rejects(finish(app.again()), coded('wrong-credentials'), 'the login is over');
  const other = await proven(channel, link);
  await assert.rejects(other.finish(app.again()), coded('second-factor-used'));
  assert.equal((await other.finish(codes[0]!)).user, 'ada', 'a recovery code in its place');
});

test('without the right password nobody learns of it, whatever code comes along', async (t) => {
  const { link, app, enrolment } = await withAda(t, { blockAfter: 100 });
  await register(link, 'ben');
  const channel = await enrolment();
  const refusals = new Set<string>();
  const right = app.next();
  for (const user of ['ada', 'ben', 'nobody']) {
    for (const code of [undefined, app.wrong(), right]) {
      const { request } = await startLogin('a guess');
      const { login } = await channel.request('login.start', { user, request });
      const finish = new Uint8Array(64).fill(7);
      const params = { login, finish, ...(code !== undefined && { code }) };
      const error = await channel.request('login.finish', params).then(
        () => assert.fail('it was let in'),
        (why: unknown) => why,
      );
      assert.ok(error instanceof Failure);
      refusals.add(`${error.code} ${error.message} ${error.hint}`);
    }
  }
  assert.equal(refusals.size, 1);
  const { finish, login } = await proven(channel, link);
  await assert.rejects(finish(), coded('second-factor-needed'));
  const guess = channel.request('login.finish', { login, finish: new Uint8Array(64).fill(7), code: right });
  await assert.rejects(guess, coded('wrong-credentials'), 'a login that was proven takes no other last message');
});

test('wrong codes block the name as wrong passwords do, on the same login and on others; a right one forgets them', async (t) => {
  const { link, app, codes, enrolment, directory } = await withAda(t, { blockAfter: 3, blockSeconds: 600 });
  const channel = await enrolment();
  const { finish } = await proven(channel, link);
  await assert.rejects(finish(), coded('second-factor-needed'));
  for (let i = 0; i < 3; i++) await assert.rejects(finish(app.wrong()), coded('second-factor-wrong'));
  await assert.rejects(finish(app.next()), { code: 'name-blocked', message: /too many wrong codes or passwords/ });
  // From elsewhere neither; and who has not shown the password does not learn that there is a second factor.
  await assert.rejects(proven(await enrolment(), link), { code: 'name-blocked', message: /too many wrong passwords:/ });
  await runLine(directory, 'unblock ada');
  assert.equal((await finish(app.again())).user, 'ada', 'the same login goes on when the block is over');
  // Broken off before the code: each counts, until one ends well.
  for (let i = 0; i < 2; i++)
    await assert.rejects((await proven(channel, link)).finish(), coded('second-factor-needed'));
  assert.equal((await (await proven(channel, link)).finish(codes[0]!)).user, 'ada');
  for (let i = 0; i < 3; i++)
    await assert.rejects((await proven(channel, link)).finish(), coded('second-factor-needed'));
  await assert.rejects(proven(channel, link), coded('name-blocked'));
});

test('many codes at once on one login get no more tries than one after the other', async (t) => {
  const { link, app, enrolment } = await withAda(t);
  const channel = await enrolment();
  const { finish } = await proven(channel, link);
  await assert.rejects(finish(), coded('second-factor-needed'));
  const results = await Promise.allSettled([app.wrong(), ...Array.from({ length: 9 }, () => '111112')].map(finish));
  const judged = results.filter(({ status, ...it }) => 'reason' in it && hasCode(it.reason, 'second-factor-wrong'));
  assert.ok(judged.length >= 1 && judged.length <= 3, `${judged.length} were judged`);
  assert.ok(results.every(({ status }) => status === 'rejected'));
});

test('a device with a certificate confirms its password without a code, turns it off, and every device is told', async (t) => {
  const { link, ada, app, device, enrolment } = await withAda(t);
  await passwordOn(device, link, 'ada');
  const { codes } = await device.request('factor.codes', {});
  const channel = await enrolment();
  const { finish } = await proven(channel, link);
  await finish(codes[0]!);
  assert.deepEqual(await device.request('factor.status', {}), { state: 'on', codes: 9, required: false });
  await device.close();
  const again = await signIn(link, ada);
  afterwards(t, () => again.close());
  for (const method of ['factor.off', 'factor.codes'] as const) {
    await assert.rejects(again.request(method, {}), coded('login-needed'));
  }
  await passwordOn(again, link, 'ada');
  await again.request('factor.off', {});
  assert.equal((await again.notices.next('factor')).state, 'off');
  await (await proven(channel, link)).finish(app.next());
  await (await proven(channel, link)).finish();
});

test('wrong codes at the confirmation count, too', async (t) => {
  const { link } = await testDirectory(t, { blockAfter: 3, blockSeconds: 600 });
  const device = await signIn(link, await register(link, 'ada'));
  afterwards(t, () => device.close());
  await passwordOn(device, link, 'ada');
  const app = new Authenticator((await device.request('factor.begin', {})).secret);
  const confirm = (code: string) => device.request('factor.confirm', { code });
  for (let i = 0; i < 3; i++) await assert.rejects(confirm(app.wrong()), coded('second-factor-wrong'));
  await assert.rejects(confirm(app.next()), coded('name-blocked'));
});

test('the recovery phrase stands in for the code, on its channel and for its account; the second factor stays', async (t) => {
  const { link, ada, device, enrolment } = await withAda(t);
  const ben = await register(link, 'ben');
  const channel = await enrolment();
  const recover = async (user: string, identity: SigningKey) => {
    const account = { directoryId: parseLink(link).fingerprint, folded: user };
    const pending = await startRegistration(PASSWORD);
    const proof = signRecovery(identity, account, enrolExporter(channel.socket), pending.request);
    const { response } = await channel.request('recover.start', { user, request: pending.request, proof });
    const { record, exportKey } = await finishRegistration(pending, { account, password: PASSWORD, response });
    const backup = sealIdentityBackup(identity, account, exportKey, systemRandom);
    await channel.request('recover.finish', { record, backup });
  };
  await recover('ben', ben.identity);
  await assert.rejects(
    (await proven(channel, link)).finish(),
    coded('second-factor-needed'),
    "not for another's account",
  );
  await recover('ada', ada.identity);
  assert.equal((await (await proven(channel, link)).finish()).user, 'ada');
  await assert.rejects((await proven(await enrolment(), link)).finish(), coded('second-factor-needed'));
  assert.equal((await device.request('factor.status', {})).state, 'on');
});

test('who is banned learns it with the right code only', async (t) => {
  const { link, app, enrolment, directory } = await withAda(t);
  await directory.site.core.accounts.setBan('ada', { by: 'owner', at: 0, reason: 'spam' });
  const { finish } = await proven(await enrolment(), link);
  await assert.rejects(finish(), coded('second-factor-needed'));
  await assert.rejects(finish(app.next()), coded('account-banned'));
});

test('the operator takes it off for who has lost everything', async (t) => {
  const { link, device, directory, enrolment } = await withAda(t);
  const [said] = await runLine(directory, 'reset-second-factor Ada');
  assert.equal(said!.json.user, 'ada');
  assert.equal((await device.notices.next('factor', ({ state }) => state === 'off')).state, 'off');
  assert.equal((await (await proven(await enrolment(), link)).finish()).user, 'ada');
  await assert.rejects(runLine(directory, 'reset-second-factor nobody'), coded('user-unknown'));
});

test('A9 a reset is an act of the directory by somebody higher, and of nobody else', async (t) => {
  const { link, ada, device, clock } = await withAda(t);
  const ben = await register(link, 'ben');
  const bens = await signIn(link, ben);
  afterwards(t, () => bens.close());
  const act = { action: 'reset-second-factor' as const, user: 'ada', at: clock.now() };
  const statement = { ...act, directory: parseLink(link).fingerprint, previous: NO_ACTS };
  await assert.rejects(bens.request('ledger.act', signStatement(statement, ben.key)), coded('not-permitted'));
  await assert.rejects(device.request('ledger.act', signStatement(statement, ada.key)), coded('not-permitted'));
  assert.equal((await device.request('factor.status', {})).state, 'on');
});
