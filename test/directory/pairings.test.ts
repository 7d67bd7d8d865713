import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/base/clock.js';
import { type Code, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { deviceIdOf, SigningKey } from '../../src/crypto/keys.js';
import { Pairings } from '../../src/directory/accounts/pairings.js';
import type { DeviceSession } from '../../src/directory/delivery/sessions.js';
import { Sessions } from '../../src/directory/delivery/sessions.js';
import { TokenBuckets } from '../../src/directory/guard/token-bucket.js';
import { DEFAULT_LIMITS, PAIRINGS_PER_DEVICE } from '../../src/directory/limits.js';
import { PAIRING_ANSWER_MS, PAIRING_MS } from '../../src/wire/limits.js';
import { ManualClock } from '../support/clock.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { csrFor, login, openEnrol, passwordOn, register, signIn } from '../support/directory-client.js';
import { seededRandom } from '../support/random.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const message = Uint8Array.of(1, 2, 3);

test('a code is opened by the password alone, met once, and lets in the one device that was named', async (t) => {
  const { link } = await testDirectory(t);
  const ada = await register(link, 'ada');
  const device = await signIn(link, ada);
  afterwards(t, () => device.close());
  await assert.rejects(device.request('pairing.open', {}), coded('login-needed'));
  await passwordOn(device, link, 'ada');
  const { number } = await device.request('pairing.open', {});
  const [first, second] = [await openEnrol(link), await openEnrol(link)];
  afterwards(t, () => Promise.all([first.close(), second.close()]));
  await assert.rejects(
    first.request('pairing.meet', { number, kind: 'invitation', message }),
    coded('pairing-unknown'),
    'it is for something else',
  );
  const met = first.request('pairing.meet', { number, kind: 'device', message });
  await device.notices.next('pairing.said');
  await assert.rejects(second.request('pairing.meet', { number, kind: 'device', message }), coded('pairing-used'));
  await device.request('pairing.answer', { number, message: Uint8Array.of(4) });
  assert.deepEqual((await met).message, Uint8Array.of(4));
  const key = SigningKey.generate(systemRandom);
  const csr = csrFor(link, 'ada', ada.identity, key);
  await assert.rejects(
    first.request('pairing.enrol', { csr, label: 'laptop' }),
    coded('login-needed'),
    'not let in yet',
  );
  const said = first.request('pairing.say', { message });
  await device.notices.next('pairing.said', (one) => one.message.length === 3);
  const id = deviceIdOf(key.publicKey);
  await device.request('pairing.answer', { number, message, device: id });
  await said;
  const other = csrFor(link, 'ada', ada.identity, SigningKey.generate(systemRandom));
  await assert.rejects(first.request('pairing.enrol', { csr: other, label: 'x' }), coded('renew-other-key'));
  await first.request('pairing.enrol', { csr, label: 'laptop' });
  assert.equal((await device.notices.next('pairing.ended')).how, 'done');
  const { devices } = await device.request('devices.list', {});
  assert.equal(devices.find((one) => one.device === id)?.by, ada.device);
  await assert.rejects(first.request('pairing.enrol', { csr, label: 'laptop' }), coded('pairing-used'));
  await assert.rejects(second.request('pairing.meet', { number, kind: 'device', message }), coded('pairing-used'));
});

test('A10 a device that was shut out meanwhile lets nobody in', async (t) => {
  const { link } = await testDirectory(t);
  const ada = await register(link, 'ada');
  const device = await signIn(link, ada);
  const rest = await signIn(link, await login(link, 'ada'));
  const newcomer = await openEnrol(link);
  afterwards(t, () => Promise.all([device.close(), rest.close(), newcomer.close()]));
  await passwordOn(device, link, 'ada');
  const { number } = await device.request('pairing.open', {});
  const met = newcomer.request('pairing.meet', { number, kind: 'device', message });
  await device.notices.next('pairing.said');
  const key = SigningKey.generate(systemRandom);
  await device.request('pairing.answer', { number, message, device: deviceIdOf(key.publicKey) });
  await met;
  await passwordOn(rest, link, 'ada');
  await rest.request('devices.revoke', { device: ada.device });
  const csr = csrFor(link, 'ada', ada.identity, key);
  await assert.rejects(newcomer.request('pairing.enrol', { csr, label: 'x' }), coded('device-unknown'));
});

test('N60 of codes that are tried at once on one channel, one is looked up', async (t) => {
  const { link, site } = await testDirectory(t);
  const newcomer = await openEnrol(link);
  afterwards(t, () => newcomer.close());
  const tryIt = (number: number) => newcomer.request('pairing.meet', { number, kind: 'invitation', message });
  const { promise: looksItUp, resolve: isAsked } = signal();
  const { promise: goesOn, resolve: goOn } = signal();
  site.core.joinCodes.meet = async () => {
    isAsked();
    await goesOn;
    return undefined;
  };
  const first = assert.rejects(tryIt(100_000), coded('pairing-unknown'));
  await looksItUp;
  await assert.rejects(tryIt(100_001), coded('pairing-used'));
  goOn();
  await first;
});

function signal() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The meeting place alone, with a device that is there. */
function place(clock: Clock) {
  const told: string[] = [];
  const session = {
    ...{ user: 'ada', folded: 'ada', device: '00112233445566ff', watching: new Set() },
    notify: (name: string, { how }: { how?: string }) => told.push(how ?? name),
  } as unknown as DeviceSession;
  const sessions = new Sessions();
  sessions.add(session);
  const misses = new TokenBuckets(DEFAULT_LIMITS.pairingMisses, 100);
  return { told, session, sessions, pairings: new Pairings({ sessions, clock, random: seededRandom(11), misses }) };
}

test('a code ends after ten minutes, and when nobody answers; both sides are told', async () => {
  const clock = new ManualClock();
  const { told, session, pairings } = place(clock);
  const { number, expires } = pairings.open(session, 'device');
  assert.equal(expires, clock.now() + PAIRING_MS);
  clock.advance(PAIRING_MS);
  assert.deepEqual(told, ['expired']);
  assert.throws(() => pairings.meet(number, 'device', 'here'), coded('pairing-expired'));
  const next = pairings.open(session, 'device').number;
  const visit = pairings.meet(next, 'device', 'here');
  const failed = assert.rejects(pairings.say(visit, message), coded('pairing-away'));
  clock.advance(PAIRING_ANSWER_MS);
  await failed;
  assert.deepEqual(told, ['expired', 'pairing.said', 'left']);
  assert.throws(() => pairings.say(visit, message), coded('pairing-used'));
});

test('N60 a stranger who tries numbers is slowed down, and uses up no code of who is away', () => {
  const clock = new ManualClock();
  const { session, sessions, pairings } = place(clock);
  const { number } = pairings.open(session, 'device');
  const { burst, perSecond } = DEFAULT_LIMITS.pairingMisses;
  sessions.remove(session);
  assert.throws(() => pairings.meet(number, 'device', 'there'), coded('pairing-away'));
  sessions.add(session);
  const wrong = number === 1000 ? 1001 : 1000;
  const tries = (): number => {
    for (let made = 0; ; made++) {
      try {
        pairings.charge('stranger');
        pairings.meet(wrong, 'device', 'stranger');
      } catch (error) {
        if (hasCode(error, 'rate-limited')) return made;
        assert.ok(hasCode(error, 'pairing-unknown'));
      }
    }
  };
  assert.equal(tries(), burst);
  clock.advance(PAIRING_MS / 2);
  assert.equal(tries(), Math.floor((PAIRING_MS / 2_000) * perSecond));
  const answer = pairings.say(pairings.meet(number, 'device', 'somebody else'), message);
  pairings.close(session, number, true);
  return assert.rejects(answer, coded('pairing-wrong'));
});

test('a device has so many codes open at once', () => {
  const { session, pairings } = place(new ManualClock());
  for (let open = 0; open < PAIRINGS_PER_DEVICE; open++) pairings.open(session, 'device');
  assert.throws(() => pairings.open(session, 'device'), coded('pairings-many'));
  pairings.closeAll();
});
