import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '../../src/base/bytes.js';
import { Authority } from '../../src/crypto/ca.js';
import { readCrl } from '../../src/crypto/crl.js';
import { createCsr, readCsr } from '../../src/crypto/csr.js';
import { signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { sealer } from '../../src/crypto/vault.js';
import type { TrustEvent } from '../../src/peer/api/events.js';
import { Contacts } from '../../src/peer/identity/contacts.js';
import { TrustAnchor } from '../../src/peer/identity/trust-anchor.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { ROSTER_CONTEXT, type Roster, rosterCodec } from '../../src/wire/directory.js';
import { foldName } from '../../src/wire/names.js';
import { ManualClock } from '../support/clock.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('contacts');

/** A directory that says what the test wants, and one peer's contacts. */
function world() {
  const clock = new ManualClock();
  const authority = Authority.create(SigningKey.generate(random), { now: clock.now(), random });
  const revocations: { serial: string; at: number }[] = [];
  let crlNumber = 1;
  const issueCrl = () => authority.issueCrl({ number: crlNumber++, now: clock.now(), revocations });
  const anchor = new TrustAnchor(authority.trust, readCrl(issueCrl(), authority.trust), clock);
  const ada = SigningKey.generate(random);
  const store = openMemoryStore();
  const rosters = new Map<string, { roster: Uint8Array; signature: Uint8Array }>();
  const events: TrustEvent[] = [];
  const presence: string[] = [];
  const state = { online: true };
  const own: string[] = [];
  const contacts = new Contacts({
    tables: openTables(store, sealer(random.bytes(32), random)),
    store,
    anchor,
    clock,
    self: { user: 'ada', identityKey: ada.publicKey },
    fetchRoster: async (user) => (state.online ? rosters.get(foldName(user)) : undefined),
    onOwn: (certificate) => void own.push(certificate.deviceId),
    emit(event) {
      if (event.event === 'trust') events.push(event);
      else presence.push(`${event.user} ${event.state}`);
    },
  });

  const issue = (user: string, identity: SigningKey, consentBy = identity) => {
    const device = SigningKey.generate(random);
    const account = { directoryId: authority.trust.directoryId, folded: foldName(user) };
    const statement = signDevice(consentBy, account, device.publicKey);
    const request = readCsr(createCsr(device, { user, identityKey: identity.publicKey, statement }));
    const draft = authority.draftDevice({ request, user, identityKey: identity.publicKey, now: clock.now(), random });
    return { certificate: draft.sign(), ...draft };
  };

  /** The directory's word on a user from now on. */
  const publish = (user: string, identityKey: Uint8Array, certificates: Uint8Array[], change: Partial<Roster> = {}) => {
    const roster = rosterCodec.encode({
      directory: authority.trust.directoryId,
      user,
      role: 'beginner',
      identityKey,
      version: 1,
      at: clock.now(),
      devices: certificates.map((certificate) => ({ certificate, endpoints: [], state: 'online', lastSeen: 0 })),
      ...change,
    });
    const signature = authority.signStatement(concat(utf8(ROSTER_CONTEXT), roster));
    rosters.set(foldName(user), { roster, signature });
    contacts.forget(user);
  };
  return {
    clock,
    anchor,
    authority,
    contacts,
    events,
    presence,
    issue,
    publish,
    rosters,
    revocations,
    issueCrl,
    state,
  };
}

test('whether somebody is there is told with the first roster, which begins their being watched', async () => {
  const { contacts, presence, issue, publish } = world();
  const bob = SigningKey.generate(random);
  const { certificate } = issue('Bob', bob);
  publish('Bob', bob.publicKey, [certificate]);
  await contacts.resolve('bob');
  publish('Bob', bob.publicKey, [certificate]);
  await contacts.resolve('bob');
  assert.deepEqual(presence, ['Bob online'], 'what changes from then on is the directory’s to tell');
});

test('a person is pinned when first met, and their devices are known', async () => {
  const { contacts, events, issue, publish } = world();
  const bob = SigningKey.generate(random);
  publish('Bob', bob.publicKey, [issue('Bob', bob).certificate, issue('Bob', bob).certificate]);
  const contact = await contacts.resolve('bob');
  assert.equal(contact.user, 'Bob');
  assert.equal(contact.devices.length, 2);
  assert.deepEqual(
    events.map(({ user, change }) => [user, change]),
    [['Bob', 'new']],
  );
});

test('C1 another key for a known person stops everything until it is accepted', async () => {
  const { contacts, events, issue, publish } = world();
  const [bob, mallory] = [SigningKey.generate(random), SigningKey.generate(random)];
  publish('bob', bob.publicKey, [issue('bob', bob).certificate]);
  await contacts.resolve('bob');
  publish('bob', mallory.publicKey, [issue('bob', mallory).certificate]);
  await assert.rejects(contacts.resolve('bob'), { code: 'identity-changed', reason: 'trust' });
  assert.equal(events.at(-1)?.change, 'changed');
  await assert.rejects(contacts.verify('bob'), { code: 'identity-changed' });
  await contacts.accept('bob');
  const [device] = (await contacts.resolve('bob')).devices;
  assert.deepEqual(device?.certificate.identityKey, mallory.publicKey);
});

test('C1 a certificate of another identity is refused on a link too', async () => {
  const { anchor, contacts, issue, publish } = world();
  const [bob, mallory] = [SigningKey.generate(random), SigningKey.generate(random)];
  publish('bob', bob.publicKey, [issue('bob', bob).certificate]);
  await contacts.resolve('bob');
  await contacts.admit(anchor.judgeDevice(issue('bob', bob).certificate));
  await assert.rejects(contacts.admit(anchor.judgeDevice(issue('bob', mallory).certificate)), {
    code: 'identity-changed',
  });
});

test('C1 the directory cannot change our own identity', async () => {
  const { anchor, contacts, issue, publish } = world();
  const mallory = SigningKey.generate(random);
  await assert.rejects(contacts.admit(anchor.judgeDevice(issue('ada', mallory).certificate)), {
    code: 'identity-changed',
  });
  publish('ada', mallory.publicKey, []);
  await assert.rejects(contacts.resolve('ada'), { code: 'identity-changed' });
});

test("M3 a device the identity has not signed is not among a person's devices", async () => {
  const { contacts, issue, publish } = world();
  const [bob, mallory] = [SigningKey.generate(random), SigningKey.generate(random)];
  publish('bob', bob.publicKey, [issue('bob', bob).certificate, issue('bob', mallory).certificate]);
  assert.equal((await contacts.resolve('bob')).devices.length, 1);
});

test('C3 a revoked device is none, as soon as the list says so', async () => {
  const { anchor, contacts, issue, issueCrl, publish, revocations, clock } = world();
  const bob = SigningKey.generate(random);
  const device = issue('bob', bob);
  publish('bob', bob.publicKey, [device.certificate]);
  assert.equal((await contacts.resolve('bob')).devices.length, 1);
  revocations.push({ serial: device.serial, at: clock.now() });
  anchor.update(issueCrl());
  contacts.rejudge();
  assert.equal((await contacts.resolve('bob')).devices.length, 0);
});

test('C5 an expired device is none', async () => {
  const { clock, contacts, issue, publish } = world();
  const bob = SigningKey.generate(random);
  publish('bob', bob.publicKey, [issue('bob', bob).certificate]);
  assert.equal((await contacts.resolve('bob')).devices.length, 1);
  clock.advance(80 * 3_600_000);
  assert.equal((await contacts.resolve('bob')).devices.length, 0);
});

test('a roster that the directory did not sign, or of somebody else, is refused', async () => {
  const { contacts, publish, rosters } = world();
  const bob = SigningKey.generate(random);
  publish('bob', bob.publicKey, []);
  rosters.set('carol', rosters.get('bob')!);
  await assert.rejects(contacts.resolve('carol'), { code: 'roster-forged' });
  const forged = { ...rosters.get('bob')!, signature: new Uint8Array(64) };
  rosters.set('bob', forged);
  await assert.rejects(contacts.resolve('bob'), { code: 'roster-forged' });
});

test('a person met before is known without the directory, a stranger is not', async () => {
  const { contacts, issue, publish, state } = world();
  const bob = SigningKey.generate(random);
  publish('bob', bob.publicKey, [issue('bob', bob).certificate]);
  await contacts.resolve('bob');
  state.online = false;
  contacts.forget();
  assert.equal((await contacts.resolve('bob')).devices.length, 1);
  await assert.rejects(contacts.resolve('carol'), { code: 'directory-offline' });
});

test('N12 what is accepted is the key that was shown, and no other that the directory shows by then', async () => {
  const { contacts, issue, publish } = world();
  const [bob, one, two] = [0, 1, 2].map(() => SigningKey.generate(random));
  const show = (key: SigningKey): void => {
    publish('bob', key.publicKey, [issue('bob', key).certificate]);
    contacts.forget('bob');
  };
  show(bob!);
  await contacts.resolve('bob');
  // Nothing was shown yet: an acceptance prepared by a script pins nothing.
  show(one!);
  await assert.rejects(contacts.accept('bob'), { code: 'identity-changed-again', reason: 'trust' });
  await contacts.shown(await contacts.current('bob'));
  show(two!);
  await assert.rejects(contacts.accept('bob'), { code: 'identity-changed-again' });
  // The person has been told of the other by an event, but compared the first one's number.
  await assert.rejects(contacts.accept('bob'), { code: 'identity-changed-again' });
  const named = (key: SigningKey) => (offered: Uint8Array) => Buffer.from(offered).equals(key.publicKey);
  await assert.rejects(contacts.accept('bob', named(one!)), { code: 'identity-changed-again' });
  assert.deepEqual((await contacts.accept('bob', named(two!)))?.identityKey, two!.publicKey);
  show(one!);
  await contacts.shown(await contacts.current('bob'));
  assert.deepEqual((await contacts.accept('bob'))?.identityKey, one!.publicKey, 'the form without a number');
});

test('C1 another identity is pinned only when what was written to the one before is given up', async () => {
  const { contacts, issue, publish } = world();
  const [bob, other] = [SigningKey.generate(random), SigningKey.generate(random)];
  publish('bob', bob.publicKey, [issue('bob', bob).certificate]);
  await contacts.resolve('bob');
  publish('bob', other.publicKey, [issue('bob', other).certificate]);
  contacts.forget('bob');
  await contacts.shown(await contacts.current('bob'));
  const fails = async (): Promise<void> => {
    await assert.rejects(contacts.resolve('bob'), { code: 'identity-changed' });
    throw new Error('the disk is full');
  };
  await assert.rejects(contacts.accept('bob', undefined, fails), /the disk is full/);
  await assert.rejects(contacts.resolve('bob'), { code: 'identity-changed' });
  assert.deepEqual((await contacts.accept('bob'))?.identityKey, other.publicKey);
});
