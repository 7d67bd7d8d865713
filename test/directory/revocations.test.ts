import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/log.js';
import { readAuthority, readDeviceCertificate } from '../../src/crypto/certificate.js';
import { acceptCrl, readCrl } from '../../src/crypto/crl.js';
import { patchedCrl } from '../../src/crypto/crl-delta.js';
import { accountBanned } from '../../src/directory/accounts/bans.js';
import { chooseListed } from '../../src/directory/authority/listed.js';
import type { Directory } from '../../src/directory/directory.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { CERTIFICATE_LIFETIME_MS, ROOMS } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { csrFor, helloParams, login, register, signIn, type TestPeer } from '../support/directory-client.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const HOUR = 3_600_000;

function movableClock() {
  let offset = 0;
  const clock = { ...systemClock, now: () => Date.now() + offset };
  return { clock, set: (ms: number) => (offset = ms) };
}

const listed = ({ site }: Directory) => readCrl(site.core.revocations.der, site.core.authority.trust);

const renew = async (link: string, peer: TestPeer) => {
  const client = await signIn(link, peer);
  const { certificate } = await client.request('renew', {
    csr: csrFor(link, peer.user, peer.identity, peer.key),
  });
  await client.close();
  return readDeviceCertificate(certificate).serial;
};

const logout = async (link: string, peer: TestPeer) => {
  const client = await signIn(link, peer);
  await client.request('logout', { everywhere: false });
  await client.close();
};

test('C4 N3 a device asks for certificates as often as it likes, and is listed with those of half a life each', async (t) => {
  const { clock, set } = movableClock();
  const directory = await testDirectory(t, { clock });
  const { link } = directory;
  const alice = await register(link, 'alice');
  const first = readDeviceCertificate(alice.certificate).serial;
  const [again, andAgain] = [await renew(link, alice), await login(link, 'alice', { key: alice.key })];
  assert.equal(again, first);
  assert.equal(readDeviceCertificate(andAgain.certificate).serial, first, 'a login with the same key, too');
  const serials = new Set([first]);
  for (let hours = 0; hours <= 72; hours += 4) {
    set(hours * HOUR);
    serials.add(await renew(link, alice));
  }
  assert.equal(serials.size, 3);
  await logout(link, alice);
  assert.ok(listed(directory).size <= 3);
});

test('C4 N3 one account makes the list grow so far, is told when it may go on, and logs out all the same', async (t) => {
  const { clock, set } = movableClock();
  const perAccount = 6;
  const directory = await testDirectory(t, { clock, limits: { certificatesPerAccount: perAccount } });
  const { link } = directory;
  await register(link, 'carl');
  const first = await register(link, 'mallory');
  let rounds = 0;
  const why = await (async () => {
    for (; rounds < 50; rounds++) await logout(link, await login(link, 'mallory'));
    return undefined;
  })().catch((error: unknown) => error);
  assert.ok(why instanceof Failure && why.code === 'certificates-full', `${rounds} rounds`);
  assert.equal(rounds, perAccount - 1);
  assert.ok(Number(why.details.seconds) > 71 * 3600 && Number(why.details.seconds) < 73 * 3600);
  assert.equal(listed(directory).size, rounds);
  await logout(link, first);
  assert.equal(listed(directory).size, perAccount, 'the last one can still be revoked');
  await login(link, 'carl');
  set(Number(why.details.seconds) * 1000 + 1000);
  await directory.site.core.revocations.publish();
  await login(link, 'mallory');
});

test('C4 N3 a full list stays readable, says so to the operator, and what finds no room is refused by the directory', async (t) => {
  const { clock, set } = movableClock();
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const log = { ...silentLogger, warn: note, error: note };
  const directory = await testDirectory(t, { clock, log, limits: { revocations: 4, certificatesPerAccount: 8 } });
  const { link, site } = directory;
  const gone: TestPeer[] = [];
  for (const name of ['ann', 'ben', 'cid', 'dan', 'eve', 'fay']) gone.push(await register(link, name));
  for (const peer of gone) await logout(link, peer);
  assert.equal(listed(directory).size, 4);
  assert.deepEqual(site.core.revocations.standing, { listed: 4, unlisted: 2 });
  assert.ok(lines.includes('the revocation list is full'));
  assert.ok(lines.includes('the revocation list is more than half full'));
  for (const peer of gone) await assert.rejects(signIn(link, peer), coded('certificate-revoked'));
  const newcomer = await register(link, 'guy');
  await site.core.devices.revoke('guy', 'all', 'staff');
  assert.ok(listed(directory).isRevoked(readDeviceCertificate(newcomer.certificate).serial), 'bans come first');
  set(CERTIFICATE_LIFETIME_MS + HOUR);
  await site.core.revocations.publish();
  assert.deepEqual(site.core.revocations.standing, { listed: 0, unlisted: 0 });
});

test('who has many entries gives way to who has few, and new devices to old ones', () => {
  const entry = (user: string, since: number, by: 'self' | 'staff' = 'self') => {
    return { serial: `${user}${since}`, user, since, at: 1, notAfter: 2, by };
  };
  const many = [1, 2, 3, 4, 5].map((since) => entry('mallory', since));
  const { listed: chosen, left } = chooseListed(
    [...many, entry('ann', 9), entry('ben', 8), entry('x', 99, 'staff')],
    4,
  );
  assert.deepEqual(chosen.map(({ serial }) => serial).sort(), ['ann9', 'ben8', 'mallory1', 'x99']);
  assert.equal(left, 4);
});

test('C4 N3 many revocations are one notice with what has changed; the list goes only to who has another one', async (t) => {
  const directory = await testDirectory(t);
  const { link, site } = directory;
  const bob = await register(link, 'bob');
  const old = await signIn(link, await register(link, 'olga'));
  const first = await signIn(link, bob, { ...helloParams(), crl: 0 });
  const trust = readAuthority(first.authority, parseLink(link).fingerprint);
  let ours = acceptCrl(undefined, first.welcome.crl!, { trust, now: Date.now() });
  await first.close();
  const watcher = await signIn(link, bob, { ...helloParams(2), crl: ours.number });
  afterwards(t, () => Promise.all([watcher.close(), old.close()]));
  assert.equal(watcher.welcome.crl, undefined, 'it has that very list');
  assert.deepEqual(await watcher.request('crl.get', { number: ours.number }), {});
  const peers: TestPeer[] = [];
  for (let n = 0; n < 8; n++) peers.push(await register(link, `p${n}x`));
  await Promise.all(peers.map(({ user }) => site.core.devices.revoke(user, 'all')));
  const { number } = site.core.revocations;
  const last = await watcher.notices.next('crl.delta', (delta) => delta.number === number);
  for (const delta of watcher.notices.of('crl.delta')) {
    ours = acceptCrl(ours, patchedCrl(ours, delta, trust)!, { trust, now: Date.now() });
  }
  assert.equal(last.number, ours.number);
  assert.deepEqual(Buffer.from(ours.der), Buffer.from(site.core.revocations.der));
  for (const { certificate } of peers) assert.ok(ours.isRevoked(readDeviceCertificate(certificate).serial));
  assert.deepEqual(watcher.notices.of('crl'), [], 'never the list');
  const whole = await old.notices.next('crl');
  assert.ok(readCrl(whole.crl, trust).size > 0, 'a program from before gets the list');
  assert.ok(watcher.notices.of('crl.delta').length <= 3, 'not one for each');
});

test('the limits a directory begins with hold its list', () => {
  assert.ok(DEFAULT_LIMITS.certificatesPerAccount < DEFAULT_LIMITS.revocations / 50);
});

test('the longest reason of a ban is heard by whoever is banned, at once and with every login', async (t) => {
  const { link, site } = await testDirectory(t);
  const eve = await register(link, 'eve');
  const client = await signIn(link, eve);
  const reason = '\u{1f4a5}'.repeat(200);
  await site.core.accounts.setBan('eve', { by: 'root', at: Date.now(), reason });
  site.core.sessions.find('eve', eve.device)!.end(accountBanned({ by: 'root', at: 0, reason }));
  const end = await client.notices.next('end');
  assert.ok(end.message.startsWith('this account is banned: \u{1f4a5}'));
  await client.closed;
  await assert.rejects(signIn(link, eve), coded('account-banned'));
});

test('a directory has so many open groups as everybody can be shown, and no more rooms', async (t) => {
  await assert.rejects(
    testDirectory(t, { rooms: Array.from({ length: ROOMS + 1 }, (_, n) => `room${n}`) }),
    coded('rooms-many'),
  );
});
