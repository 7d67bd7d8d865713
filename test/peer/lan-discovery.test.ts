import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalDevice } from '../../src/peer/identity/local-device.js';
import { LanDiscovery } from '../../src/peer/network/lan-discovery.js';
import { answeredTag, answerName, questionNames, readQuestion } from '../../src/wire/lan.js';
import { DEVICES_PER_ACCOUNT, LAN_TAGS } from '../../src/wire/limits.js';
import { type TestDevice, testAuthority, testDevice } from '../support/pki.js';
import { seededRandom } from '../support/random.js';

/** Devices on one wire and a stranger who hears everything, in simulated time. */

const SEED = process.env.LAN_SEED ?? `${process.pid} ${process.hrtime.bigint()}`;
const HOUR = 3_600_000;
const AT = [{ host: '192.0.2.7', port: 4100 }];

const authority = testAuthority(SEED);
const random = seededRandom(`wire ${SEED}`);

function discovery(device: TestDevice, ...contacts: readonly TestDevice[]): LanDiscovery {
  const { identity, deviceId } = device;
  const made = new LanDiscovery(
    { identity, device: deviceId, anchor: { trust: authority.trust } } as unknown as LocalDevice,
    random,
  );
  made.know([device, ...contacts].map(({ user, identity: { publicKey } }) => ({ user, identityKey: publicKey })));
  return made;
}

/** What was said, as it crosses the wire, and who was found by it. */
function exchange(asker: LanDiscovery, others: readonly LanDiscovery[], now: number, wire: string[]) {
  const moment = { now, monotonic: now };
  const found = [];
  for (const question of asker.ask(moment, () => true)) {
    const names = questionNames(question);
    wire.push(...names);
    for (const other of others) {
      for (const { tag, sealed } of other.hear(readQuestion(names)!, moment, () => AT)) {
        wire.push(answerName(tag), Buffer.from(sealed).toString('latin1'));
        const who = asker.take({ tag: answeredTag(answerName(tag))!, sealed }, moment);
        if (who !== undefined) found.push(who);
      }
    }
  }
  return found;
}

const [ada, bob, cat] = ['greta', 'johan', 'mirko'].map((user) => testDevice(authority, user)) as [
  TestDevice,
  TestDevice,
  TestDevice,
];
const tablet = testDevice(authority, 'greta', { identity: ada.identity });

test(`contacts find each other's devices, and nobody else does (LAN_SEED='${SEED}')`, () => {
  const now = 500_000 * HOUR;
  const seekers = {
    ada: discovery(ada, bob),
    bob: discovery(bob, ada),
    cat: discovery(cat),
    tablet: discovery(tablet),
  };
  const found = exchange(seekers.ada, Object.values(seekers), now, []);
  assert.deepEqual(
    found.map(({ user, device, endpoints }) => [user, device, endpoints]).sort(),
    [
      ['greta', tablet.deviceId, AT],
      ['johan', bob.deviceId, AT],
    ].sort(),
  );
  // Cat knows ada, who doesn't know cat.
  assert.deepEqual(exchange(discovery(cat, ada, bob), [seekers.ada, seekers.bob], now, []), []);
});

test(`N37 over a day a stranger on the wire reads no name, no key, and never the same word twice (LAN_SEED='${SEED}')`, () => {
  const wire: string[] = [];
  let met = 0;
  for (let hour = 0; hour < 24; hour++) {
    const devices = [discovery(ada, bob, cat), discovery(tablet, bob), discovery(bob, ada), discovery(cat, ada)];
    for (const minute of [0, 1, 30]) {
      for (const asker of devices) {
        const answers: string[] = [];
        met += exchange(asker, devices, 500_000 * HOUR + hour * HOUR + minute * 60_000, answers).length;
        wire.push(...answers);
      }
    }
  }
  assert.ok(met > 24 * 3 * 4, `${met} found`);
  const questions = wire.filter((word) => /^[0-9a-f]{32}\._p2pchat/.test(word));
  // An answer repeats the name it answers, and nothing else is ever said again: of two devices of one account neither.
  const seen = new Map<string, number>();
  for (const word of wire) seen.set(word, (seen.get(word) ?? 0) + 1);
  const asked = new Set(questions);
  for (const [word, times] of seen) assert.ok(times === 1 || (asked.has(word) && times <= 4), word.slice(0, 60));
  const everything = wire.join('\n');
  for (const { user, deviceId, identity } of [ada, bob, cat, tablet]) {
    const key = Buffer.from(identity.publicKey);
    for (const secret of [user, deviceId, key.toString('hex'), key.toString('latin1')]) {
      assert.ok(!everything.includes(secret), `${secret} is on the wire`);
    }
  }
  assert.ok(!everything.includes('192.0.2.7'));
});

test(`a question says the same number of things whether it is for one contact or for many (LAN_SEED='${SEED}')`, () => {
  const moment = { now: 1, monotonic: 1 };
  const few = discovery(ada, bob).ask(moment, () => true);
  const many = discovery(ada, ...Array.from({ length: LAN_TAGS }, (_, at) => testDevice(authority, `friend${at}`))).ask(
    moment,
    () => true,
  );
  assert.deepEqual(
    [few, many].map((questions) => questions.map(({ tags }) => new Set(tags).size)),
    [[LAN_TAGS], [LAN_TAGS, LAN_TAGS]],
  );
});

test(`N37 what is said again, of another hour, forged or too often is not answered (LAN_SEED='${SEED}')`, () => {
  const now = 500_000 * HOUR;
  const moment = { now, monotonic: now };
  const asker = discovery(ada, bob);
  const [question] = asker.ask(moment, () => true);
  const answerer = discovery(bob, ada);
  assert.equal(answerer.hear(question!, { now: now + 3 * HOUR, monotonic: now }, () => AT).length, 0, 'another hour');
  const [answer] = answerer.hear(question!, moment, () => AT);
  assert.equal(answerer.hear(question!, moment, () => AT).length, 0, 'again');
  assert.equal(asker.hear(question!, moment, () => AT).length, 0, 'one’s own');
  const bent = { tag: answer!.tag, sealed: answer!.sealed.map((byte, at) => (at === 30 ? byte ^ 1 : byte)) };
  assert.equal(asker.take(bent, moment), undefined, 'bent');
  assert.equal(asker.take(answer!, { now, monotonic: now + 60_000 }), undefined, 'late');
  assert.equal(asker.take(answer!, moment)?.device, bob.deviceId);
  assert.equal(asker.take(answer!, moment), undefined, 'said twice');
  // Another's answer to the same question, sealed by a contact for another tag.
  assert.equal(asker.take({ ...answer!, tag: 'f'.repeat(32) }, moment), undefined);

  // A contact who answers as more devices than an account has.
  const [wide] = asker.ask(moment, () => true);
  const claims = Array.from({ length: 40 }, (_, n) => {
    const claimant = discovery({ ...bob, deviceId: `${n}`.padStart(16, 'x') }, ada);
    return asker.take(claimant.hear(wide!, moment, () => AT)[0]!, moment);
  });
  assert.equal(claims.filter((found) => found !== undefined).length, DEVICES_PER_ACCOUNT);

  const flooded = discovery(bob, ada);
  let answered = 0;
  for (let n = 0; n < 500; n++) {
    const [one] = discovery(ada, bob).ask(moment, (user) => user === 'johan');
    answered += flooded.hear(one!, moment, () => AT).length;
  }
  assert.ok(answered > 10 && answered < 100, `${answered} of 500 answered`);
});

test('the secret of two is the same on both sides, for every kind of key', () => {
  for (let n = 0; n < 32; n++) {
    const [one, other] = [testDevice(authority, `one${n}`), testDevice(authority, `other${n}`)];
    assert.equal(exchange(discovery(one, other), [discovery(other, one)], 7 * HOUR, []).length, 1, `${n}`);
  }
});
