import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../src/base/random.js';
import { encodeRetry } from '../../src/wire/datagrams/handshake.js';
import { TYPE, viewOf } from '../../src/wire/datagrams/header.js';
import { encodeKeep, REFUSAL } from '../../src/wire/datagrams/relay.js';
import { RELAY_IDLE_MS, RELAY_TOKEN_BYTES, RELAY_TOKEN_MS } from '../../src/wire/limits.js';
import { seededRandom } from '../support/random.js';
import { authorityOf, RELAY, RelayWorld, type Station } from './relay-world.js';

const SEED = process.env.RELAY_SEED ?? String(Date.now());
const world = (limits = {}): RelayWorld => new RelayWorld(seededRandom(SEED), limits);

const words = (text: string): Uint8Array => new TextEncoder().encode(text);
const heard = ({ heard: all }: Station): string[] => all.map((bytes) => new TextDecoder().decode(bytes));

function pair(at: RelayWorld, lane = 0): readonly [Station, Station] {
  const both = [
    at.station('ada', 'bob', { lane, address: `ada ${lane}` }),
    at.station('bob', 'ada', { lane, address: `bob ${lane}` }),
  ] as const;
  at.run(20);
  return both;
}

test(`two devices with tokens for each other meet at the relay, and a third is not among them (RELAY_SEED=${SEED})`, () => {
  const at = world();
  const [ada, bob] = pair(at);
  const cyd = at.station('cyd', 'ada');
  at.run(20);
  assert.deepEqual([ada.client.state, bob.client.state, cyd.client.state], ['bound', 'bound', 'bound']);
  ada.say(words('to bob'));
  bob.say(words('to ada'));
  // A token for another pair opens nothing of this one: whom it is for is not there.
  cyd.say(words('to ada, too'));
  at.run(10);
  assert.deepEqual([heard(ada), heard(bob), heard(cyd)], [['to ada'], ['to bob'], []]);
  assert.equal(at.relay.counters.dropped.alone, 1);
});

test('lanes of one pair are apart', () => {
  const at = world();
  const [ada, bob] = pair(at, 0);
  const [links, linksThere] = pair(at, 1);
  ada.say(words('a file'));
  links.say(words('a message'));
  at.run(10);
  assert.deepEqual([heard(bob), heard(linksThere)], [['a file'], ['a message']]);
});

test('U1 an address gets nothing before it has proved itself, and never more than came from it', () => {
  const at = world();
  const [ada, bob] = pair(at);
  at.lose = (from, to) => from === RELAY && to.startsWith('victim');
  // Somebody with a token of his own writes the victim's address on everything he sends.
  const mallory = at.station('mallory', 'ada', { address: 'victim 9' });
  const accomplice = at.station('ada', 'mallory', { address: 'ada 2' });
  const random = seededRandom(`${SEED} spoof`);
  at.run(3_000, () => {
    accomplice.say(new Uint8Array(1_000));
    const datagram = random.bytes(12 + randomBelow(random, 1_400));
    datagram[0] = [16, 20, 21, 7, 1][randomBelow(random, 5)]!;
    viewOf(datagram).setUint16(2, datagram.length);
    at.inject(`victim ${randomBelow(random, 4)}`, datagram);
    // The channel of others, from an address that is not theirs.
    const known = randomBelow(random, 2) === 0 ? ada : bob;
    at.inject('victim 7', encodeKeep(TYPE.relayKeep, known.client.channel!, new Uint8Array(8)));
    at.inject('victim 8', known.client.wrap(random.bytes(100))!);
  });
  assert.notEqual(mallory.client.state, 'bound');
  for (const [address, { in: came, out, sent, got }] of at.traffic) {
    if (!address.startsWith('victim')) continue;
    assert.ok(out <= came && got <= sent, `${address}: ${out} of ${came} bytes, ${got} of ${sent} datagrams`);
  }
  assert.deepEqual([heard(ada), heard(bob)], [[], []]);
});

test('wrong tokens are refused, each with its reason', () => {
  const at = world();
  const good = at.access('ada', 'bob');
  const stolen = { ...good, seed: at.access('cyd', 'ada').seed };
  const cases = [
    ['token', { ...good, signature: new Uint8Array(64) }],
    ['token', at.access('ada', 'bob', { relay: new Uint8Array(32) })],
    ['token', at.access('ada', 'bob', {}, authorityOf(at.random))],
    ['token', { ...good, token: at.random.bytes(RELAY_TOKEN_BYTES) }],
    ['expired', at.access('ada', 'bob', { expires: at.wall - 301_000 })],
    ['holder', stolen],
  ] as const;
  cases.forEach(([reason, access], index) => {
    const station = at.station('ada', 'bob', { access: { ...access, key: good.key }, address: `try ${index}` });
    at.run(20);
    assert.deepEqual([station.client.state, station.refused?.reason], ['refused', reason], String(index));
  });
  assert.equal(at.relay.counters.bindings, 0);
});

test('what another says in the name of the relay binds nobody', () => {
  const at = world();
  const other = new RelayWorld(seededRandom(`${SEED} other`));
  // It has the tokens' directory, but not the relay's key.
  Object.assign(at, { relayKey: other.relayKey });
  const access = at.access('ada', 'bob');
  at.newRelay();
  const station = at.station('ada', 'bob', { access: { ...access, key: new Uint8Array(32).fill(7) } });
  at.run(4_000);
  assert.ok(['binding', 'away'].includes(station.client.state), station.client.state);
});

test('quotas of the account, of the pair and of the relay end what is sent, until the next day', () => {
  for (const [limit, reason] of [
    ['accountDay', 'accountQuota'],
    ['pairDay', 'pairQuota'],
    ['relayDay', 'relayQuota'],
  ] as const) {
    const at = world({ [limit]: 20_000 });
    const [ada, bob] = pair(at);
    at.run(40, () => ada.say(new Uint8Array(1_000)));
    assert.deepEqual([ada.client.state, ada.refused?.reason, bob.heard.length], ['refused', reason, 19]);
    assert.ok(ada.refused!.seconds > 0 && ada.refused!.seconds <= 86_400);
    const again = at.station('ada', 'bob', { address: 'ada 3' });
    at.run(20);
    assert.equal(again.client.state, 'refused');
    if (limit === 'accountDay') {
      bob.say(words('of another account'));
      at.run(5);
    }
    at.now += 13 * 3_600_000;
    const [tomorrow] = [at.station('ada', 'bob', { address: 'ada 4' })];
    at.run(20);
    assert.equal(tomorrow.client.state, 'bound');
  }
});

test('a token says how much the pair may send, where that is less', () => {
  const at = world();
  const ada = at.station('ada', 'bob', { access: at.access('ada', 'bob', { bytes: 5_000 }) });
  at.station('bob', 'ada', { access: at.access('bob', 'ada', { bytes: 5_000 }) });
  at.run(20);
  at.run(40, () => ada.say(new Uint8Array(1_000)));
  assert.equal(ada.refused?.reason, 'pairQuota');
});

test('a pair at full rate does not slow the words of others, and takes no more memory than it may', () => {
  const at = world({ relayRate: 2_000_000, queuedPerFlow: 256 << 10 });
  const [ada, bob] = pair(at);
  const chats = Array.from({ length: 40 }, (_, i) => {
    const one = at.station(`user${i}`, `peer${i}`);
    const other = at.station(`peer${i}`, `user${i}`);
    return { one, other, sentAt: 0, worst: 0, got: 0 };
  });
  at.run(50);
  let most = 0;
  at.run(2_000, () => {
    // Ten times what the relay sends on.
    for (let i = 0; i < 14; i++) ada.say(new Uint8Array(1_440));
    const chat = chats[at.now % chats.length]!;
    if (chat.other.heard.length === chat.got) {
      chat.sentAt = at.now;
      chat.got++;
      chat.one.say(words('hello'));
    }
    for (const each of chats) {
      if (each.other.heard.length < each.got) each.worst = Math.max(each.worst, at.now - each.sentAt);
    }
    most = Math.max(most, at.relay.counters.queued);
  });
  assert.ok(bob.heard.length > 1_500, `${bob.heard.length} of the file`);
  assert.ok(
    chats.every(({ got, worst }) => got > 30 && worst < 60),
    JSON.stringify(chats.map(({ worst, got }) => [worst, got])),
  );
  assert.ok(most <= (256 << 10) + 40 * 2_048 + (64 << 10), `${most} bytes`);
  assert.ok(at.relay.counters.dropped.queue > 0);
});

test('pairs that fill their queues leave room for the word of another', () => {
  const at = world({ relayRate: 2_000_000, queued: 2 << 20, queuedPerFlow: 1 << 20 });
  const greedy = Array.from({ length: 6 }, (_, i) => {
    at.station(`peer${i}`, `user${i}`);
    return at.station(`user${i}`, `peer${i}`);
  });
  const [ada, bob] = pair(at);
  let said = 0;
  at.run(2_000, () => {
    for (const one of greedy) for (let i = 0; i < 8; i++) one.say(new Uint8Array(1_440));
    if (at.now % 100 === 0) {
      ada.say(words('hello'));
      said++;
    }
  });
  at.run(100);
  assert.ok(at.relay.counters.dropped.queue > 0);
  assert.equal(bob.heard.length, said);
});

test('a relay that was started anew, and an address that has changed, are found out and cost no word that comes after', () => {
  const at = world();
  const [ada, bob] = pair(at);
  at.newRelay();
  ada.say(words('lost'));
  bob.say(words('lost'));
  at.run(50);
  ada.say(words('after the restart'));
  at.run(10);
  assert.deepEqual(heard(bob), ['after the restart']);
  ada.address = 'ada 77';
  ada.say(words('lost'));
  at.run(50);
  ada.say(words('from elsewhere'));
  bob.say(words('to elsewhere'));
  at.run(10);
  assert.deepEqual([heard(bob).at(-1), heard(ada)], ['from elsewhere', ['to elsewhere']]);
});

test('who says nothing for a minute, or whose token has ended, is forgotten; who renews it stays', () => {
  const at = world();
  const [ada, bob] = pair(at);
  bob.client.timeout = () => {};
  at.run(RELAY_IDLE_MS + 2_000);
  assert.deepEqual([ada.client.state, at.relay.counters.bindings], ['bound', 1]);
  const renewed = at.station('bob', 'ada', { address: 'bob 5' });
  at.run(RELAY_TOKEN_MS - RELAY_IDLE_MS);
  renewed.client.renew(at.access('bob', 'ada'), at.now);
  at.run(6 * 60_000);
  assert.equal(renewed.client.state, 'bound');
  assert.equal(at.relay.counters.bindings, 1);
});

test('a Bind that had its cookie waits for its time, however many Retries come', () => {
  const at = world();
  const ada = at.station('ada', 'bob');
  let binds = 0;
  at.lose = (_from, to, bytes) => {
    if (to === RELAY && bytes[0] === TYPE.relayBind) binds++;
    return to === RELAY;
  };
  at.run(1_000, () => ada.receive(encodeRetry(ada.client.id, at.random.bytes(32), TYPE.relayRetry)));
  assert.ok(binds > 4 && binds <= 25, `${binds} Binds in a second`);
});

test('a relay that is away is called so, tried on, and found when it is back', () => {
  const at = world();
  at.lose = (_from, to) => to === RELAY;
  const ada = at.station('ada', 'bob');
  at.run(2_000);
  assert.equal(ada.client.state, 'away');
  at.lose = () => false;
  at.run(5_000);
  assert.equal(ada.client.state, 'bound');
});

test('P5 whatever comes, the relay goes on, and binds nobody without a token', () => {
  const at = world();
  const [ada, bob] = pair(at);
  const random = seededRandom(`${SEED} noise`);
  const captured = at.station('cyd', 'ada', { address: 'cyd 1' });
  at.run(10);
  const before = at.relay.counters.bindings;
  for (let i = 0; i < 20_000; i++) {
    const noise = random.bytes(randomBelow(random, 700));
    if (noise.length > 4 && i % 2 === 0) {
      noise[0] = 16 + randomBelow(random, 8);
      viewOf(noise).setUint16(2, randomBelow(random, 4) === 0 ? randomBelow(random, 65_536) : noise.length);
    }
    at.inject(`noise ${i % 50}`, noise);
    // Refused and Gone count only with an id that nobody can guess, and this goes past that look.
    if (noise[0] === TYPE.relayRefused || noise[0] === TYPE.relayGone) continue;
    for (const { client } of at.stations) {
      try {
        client.receive(noise, at.now);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'malformed');
      }
    }
  }
  assert.equal(at.relay.counters.bindings, before);
  at.run(200);
  ada.say(words('still there'));
  at.run(10);
  assert.deepEqual(heard(bob), ['still there']);
  assert.ok(captured.client.state === 'bound' && Object.keys(REFUSAL).length === 8);
});
