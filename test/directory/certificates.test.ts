import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/log.js';
import { systemRandom } from '../../src/base/random.js';
import { checkDeviceCertificate, readAuthority, readDeviceCertificate } from '../../src/crypto/certificate.js';
import { acceptCrl, readCrl } from '../../src/crypto/crl.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { directoryClientTls } from '../../src/crypto/tls.js';
import { createSecrets } from '../../src/directory/authority/secrets.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { carryOut } from '../../src/directory/requests/ledger.js';
import { openServices, type Services } from '../../src/directory/services.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Records, Store } from '../../src/store/store.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { ManualClock } from '../support/clock.js';
import { afterwards, testDirectory } from '../support/directory.js';
import {
  csrFor,
  DeviceClient,
  dialTls,
  helloParams,
  login,
  passwordOn,
  register,
  signIn,
} from '../support/directory-client.js';
import { testAuthority, testDevice } from '../support/pki.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const MINUTE = 60_000;

/** The system's clock with the wall clock set by the test. */
function movableClock() {
  let offset = 0;
  const clock = { ...systemClock, now: () => Date.now() + offset };
  return { clock, set: (ms: number) => (offset = ms) };
}

test('C3 a revoked certificate is refused, and every session gets the list with it', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const bob = await signIn(link, await register(link, 'bob'));
  const client = await signIn(link, alice);
  afterwards(t, () => Promise.all([bob.close(), client.close()]));
  const trust = readAuthority(bob.authority, parseLink(link).fingerprint);
  const before = acceptCrl(undefined, bob.welcome.crl!, { trust, now: Date.now() });
  await client.request('logout', { everywhere: false });
  const { crl } = await bob.notices.next('crl');
  const after = acceptCrl(before, crl, { trust, now: Date.now() });
  assert.ok(after.number > before.number);
  assert.ok(after.isRevoked(readDeviceCertificate(alice.certificate).serial));
  await assert.rejects(signIn(link, alice), coded('certificate-revoked'));
});

test('C3 a certificate whose device the records do not know is refused, listed or not', async (t) => {
  const { link, site } = await testDirectory(t);
  const alice = await register(link, 'alice');
  await site.core.tables.devices.put('alice', { version: 9, devices: [] });
  await assert.rejects(signIn(link, alice), coded('certificate-revoked'));
});

test('C5 an expired or not yet valid certificate is refused, with five minutes of tolerance either way', async (t) => {
  const { clock, set } = movableClock();
  const { link } = await testDirectory(t, { clock });
  const alice = await register(link, 'alice');
  const tryAt = async (offset: number) => {
    set(offset);
    try {
      await (await signIn(link, alice)).close();
      return 'in';
    } catch (error) {
      return (error as Failure).code;
    }
  };
  assert.equal(await tryAt(0), 'in');
  assert.equal(await tryAt(-CLOCK_SKEW_MS), 'in');
  assert.equal(await tryAt(CERTIFICATE_LIFETIME_MS + CLOCK_SKEW_MS - MINUTE), 'in');
  assert.equal(await tryAt(CERTIFICATE_LIFETIME_MS + CLOCK_SKEW_MS + MINUTE), 'certificate-expired');
});

test('X3 a clock that is set back brings no expired certificate back', () => {
  const clock = new ManualClock();
  return withCore({ clock }, async (core) => {
    const before = core.judgeNow();
    clock.advance(10 * MINUTE);
    clock.jump(-60 * MINUTE);
    assert.equal(core.judgeNow(), before + 10 * MINUTE);
    clock.jump(24 * 60 * MINUTE);
    assert.equal(core.judgeNow(), clock.now());
  });
});

test('C5 lists are dated upwards while the clock is set back a little, and by the clock when it was far ahead', () => {
  const clock = new ManualClock();
  return withCore({ clock }, async (core) => {
    const dated = async () => {
      await core.revocations.publish();
      return readCrl(core.revocations.der, core.authority.trust).thisUpdate;
    };
    const first = await dated();
    clock.jump(-MINUTE);
    assert.equal(await dated(), first);
    clock.jump(-60 * MINUTE);
    assert.ok((await dated()) < first);
  });
});

test('C6 a hostile request gets nothing but what the template says', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  const claimingAdmin = csrFor(link, 'root', alice.identity, alice.key);
  await assert.rejects(client.request('renew', { csr: claimingAdmin }), coded('identity-statement'));
  const other = SigningKey.generate(systemRandom);
  await assert.rejects(
    client.request('renew', { csr: csrFor(link, 'alice', alice.identity, other) }),
    coded('renew-other-key'),
  );
  const eve = SigningKey.generate(systemRandom);
  await assert.rejects(
    client.request('renew', { csr: csrFor(link, 'alice', eve, alice.key) }),
    coded('identity-statement'),
  );
  await assert.rejects(client.request('renew', { csr: new Uint8Array(200).fill(0x30) }), coded('csr-malformed'));
  const { certificate } = await client.request('renew', { csr: csrFor(link, 'ALICE', alice.identity, alice.key) });
  const read = readDeviceCertificate(certificate);
  assert.equal(read.user, 'alice', 'the name as registered, whatever the request says');
  assert.equal(read.deviceId, alice.device);
});

test('a renewed certificate has the same key, and both are good until the old one expires', async (t) => {
  const { clock, set } = movableClock();
  const { link } = await testDirectory(t, { clock });
  const alice = await register(link, 'alice');
  const client = await signIn(link, alice);
  afterwards(t, () => client.close());
  set(CERTIFICATE_LIFETIME_MS / 2);
  const { certificate } = await client.request('renew', { csr: csrFor(link, 'alice', alice.identity, alice.key) });
  const [old, fresh] = [readDeviceCertificate(alice.certificate), readDeviceCertificate(certificate)];
  assert.notEqual(fresh.serial, old.serial);
  assert.deepEqual(fresh.publicKey, old.publicKey);
  const again = await signIn(link, { tls: { key: alice.key, chain: [certificate] } });
  await again.close();
  const third = await login(link, 'alice');
  const other = await signIn(link, third);
  afterwards(t, () => other.close());
  await passwordOn(other as never, link, 'alice');
  await other.request('logout', { everywhere: true });
  const trust = readAuthority(other.authority, parseLink(link).fingerprint);
  const crl = acceptCrl(undefined, (await other.notices.next('crl')).crl, { trust, now: clock.now() });
  for (const { serial } of [old, fresh]) assert.ok(crl.isRevoked(serial), 'revoking a device revokes all it has');
});

test('C9 neither a certificate of another directory, nor of a server, nor a self-made one opens a session', async (t) => {
  const { link } = await testDirectory(t);
  const mine = await testDirectory(t);
  const elsewhere = await register(mine.link, 'alice');
  await register(link, 'alice');
  await assert.rejects(signIn(link, elsewhere), coded('certificate-untrusted'));
  const forged = testDevice(testAuthority(), 'alice', { now: Date.now() });
  await assert.rejects(signIn(link, forged), coded('certificate-untrusted'));
  const { authority } = mine.site.core;
  const key = SigningKey.generate(systemRandom);
  const server = authority.issueServer({ publicKey: key.publicKey, now: Date.now(), random: systemRandom });
  await assert.rejects(signIn(mine.link, { tls: { key, chain: [server] } }), coded('certificate-profile'));
  const stolen = { key: SigningKey.generate(systemRandom), chain: elsewhere.tls.chain };
  await assert.rejects(signIn(mine.link, { tls: stolen }), /key values mismatch|unreachable|connection/i);
});

test('C9 a channel without a certificate is told to log in', async (t) => {
  const { link } = await testDirectory(t);
  const alice = await register(link, 'alice');
  const { key: _key, cert: _cert, ...bare } = directoryClientTls(alice.tls);
  const client = new DeviceClient(await dialTls(parseLink(link), bare));
  await assert.rejects(client.request('hello', helloParams()), coded('certificate-missing'));
  await client.closed;
});

async function withCore(init: { clock?: ManualClock; store?: Store }, work: (core: Services) => Promise<void>) {
  const { clock = new ManualClock(), store = openMemoryStore() } = init;
  const core = await openServices({
    carryOut,
    store,
    secrets: await createSecrets(clock.now(), systemRandom),
    clock,
    random: systemRandom,
    log: silentLogger,
    limits: DEFAULT_LIMITS,
    onBroken: (error) => assert.fail(error),
  });
  try {
    await work(core);
  } finally {
    await core.close();
  }
}

/** A store in which writes to one space fail as a crash would leave them: they never happen. */
function failingStore(space: () => string): Store {
  const store = openMemoryStore();
  const refuse = () => Promise.reject(new Failure('store-failed', 'crashed'));
  const failing = (records: Records): Records => ({ ...records, create: refuse, replace: refuse, put: refuse });
  return {
    records: (name) => ({
      ...store.records(name),
      ...Object.fromEntries(
        (['create', 'replace', 'put'] as const).map((method) => [
          method,
          (...args: never[]) =>
            (name === space() ? failing(store.records(name)) : store.records(name))[method](
              ...(args as [never, never, never]),
            ),
        ]),
      ),
    }),
    logs: (name) => store.logs(name),
    blobs: (name) => store.blobs(name),
    spaces: (kind) => store.spaces(kind),
    bus: store.bus,
    close: () => store.close(),
  };
}

test('C8 a crash around signing leaves no certificate without its row, and none that a device holds unlisted', async () => {
  let broken = '';
  await withCore({ store: failingStore(() => broken) }, async (core) => {
    const identity = SigningKey.generate(systemRandom);
    const key = SigningKey.generate(systemRandom);
    const { directoryId } = core.authority.trust;
    const link = `p2pchat://localhost:1#${directoryId}`;
    await core.accounts.create({
      user: 'alice',
      record: new Uint8Array(192),
      identityKey: identity.publicKey,
      backup: new Uint8Array(60),
    });
    const account = await core.accounts.need('alice');
    const enrol = () => core.devices.enrol(account, csrFor(link, 'alice', identity, key), 'laptop');
    const rows = async () => {
      const serials: string[] = [];
      for await (const row of core.tables.certificates.range()) serials.push(row.key);
      return serials;
    };
    broken = 'certificates';
    await assert.rejects(enrol(), coded('store-failed'));
    assert.deepEqual(await core.devices.row('alice'), { version: 0, devices: [] });
    broken = 'devices';
    await assert.rejects(enrol(), coded('store-failed'));
    assert.equal((await rows()).length, 1, 'a row without a certificate is harmless');
    broken = '';
    const certificate = await enrol();
    const { serial } = checkDeviceCertificate(certificate, {
      trust: core.authority.trust,
      now: core.clock.now(),
      crl: 'unchecked',
      expiry: 'judge',
    });
    assert.ok((await rows()).includes(serial));
  });
});

test('C8 a serial number that was drawn before is not signed again', () => {
  return withCore({}, async (core) => {
    const row = { user: 'bob', device: 'bbbbbbbbbbbbbbbb', notBefore: 0, notAfter: 1, issuedAt: 0 };
    assert.equal(await core.tables.certificates.create('serial', row), true);
    assert.equal(await core.tables.certificates.create('serial', row), false);
  });
});
