import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { chained, digestOf, NO_ACTS, signStatement } from '../../src/crypto/acts.js';
import type { DirectoryOptions } from '../../src/directory/directory.js';
import type { Statement } from '../../src/wire/acts.js';
import { rosterCodec } from '../../src/wire/directory.js';
import { GROUP_LOG_PAGE } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { type DeviceClient, register, signIn, type TestPeer } from '../support/directory-client.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('slow reader');
const QUICK = { burst: 1e6, perSecond: 1e6 };
const LARGE = new Uint8Array(240_000).fill(7);
const SMALL = new Uint8Array(100).fill(7);

/** Two in a room of a directory. */
async function room(t: Parameters<typeof testDirectory>[0], limits: DirectoryOptions['limits']) {
  const { link, ownerInvite, site } = await testDirectory(t, { limits: limits ?? {} });
  const people = [await register(link, 'alice', { invite: ownerInvite! }), await register(link, 'bob')] as const;
  const open = async (peer: TestPeer): Promise<DeviceClient> => {
    const client = await signIn(link, peer);
    afterwards(t, () => client.close());
    return client;
  };
  const [alice, bob] = [await open(people[0]), await open(people[1])];
  const group = random.bytes(16);
  const sign = ({ key }: TestPeer, previous: Uint8Array, deed: object) => {
    const common = { directory: parseLink(link).fingerprint, group, previous, at: Date.now() };
    return signStatement({ ...common, ...deed } as Statement, key);
  };
  const create = sign(people[0], NO_ACTS, { action: 'create', name: 'den', kind: 'open', history: 'joined' });
  await alice.request('groups.create', { group, ...create, info: new Uint8Array(8) });
  const { acts } = await alice.request('groups.acts', { group, from: 0 });
  const head = chained(NO_ACTS, digestOf(acts[0]!.act));
  await bob.request('groups.act', { group, ...sign(people[1], head, { action: 'join' }) });
  const say = (client: DeviceClient, sealed: Uint8Array) =>
    client.request('groups.post', { group, id: random.bytes(16), epoch: 0, sealed });
  const unsent = () => site.server.queues.unsentBytes;
  return { group, alice, bob, say, unsent, openBob: () => open(people[1]) };
}

test('P8 what a slow reader has not taken is not held for it: it is told to read, and finds all of it in the log', async (t) => {
  const { group, alice, bob, say, unsent } = await room(t, { pushBuffer: 1 << 18, messages: QUICK });
  bob.socket.pause();
  const said = 100;
  for (let at = 0; at < said; at++) await say(alice, LARGE);
  const { seq: last } = await say(alice, SMALL);
  assert.ok(unsent() >= 1 << 18, `${unsent()} bytes wait, and the operator is told`);
  bob.socket.resume();
  const { next } = await bob.notices.next('groups.changed');
  assert.ok(next > 1 && next <= last + 1);
  const { entries: tail } = await bob.request('groups.read', { group, from: last });
  assert.equal(tail[0]?.seq, last);
  const pushed = bob.notices.of('groups.entry').map(({ entry }) => entry.seq);
  assert.deepEqual(
    pushed,
    [...pushed].sort((a, b) => a - b),
  );
  const behind = pushed.length;
  assert.ok(behind < said / 2, `${behind} of ${said} entries were waiting, in the sockets' buffers and here`);
  const read: number[] = [];
  for (let from = pushed.at(-1)! + 1; from <= last; from = read.at(-1)! + 1) {
    const { entries } = await bob.request('groups.read', { group, from });
    assert.ok(entries.length > 0 && entries.length <= GROUP_LOG_PAGE);
    read.push(...entries.map(({ seq }) => seq));
  }
  const all = [...pushed, ...read];
  assert.deepEqual(
    all.slice(all.indexOf(3)),
    Array.from({ length: last - 2 }, (_, at) => at + 3),
  );
  await say(alice, SMALL);
  await bob.notices.next('groups.entry', ({ entry }) => entry.seq === last + 1);
});

test('P8 who reads nothing at all is cut off, and finds what was said when it comes back', async (t) => {
  const limits = { pushBuffer: 1 << 16, stalledAfter: 100, messages: QUICK };
  const { group, alice, bob, say, openBob } = await room(t, limits);
  bob.socket.pause();
  let last = 0;
  for (let at = 0; at < 80; at++) ({ seq: last } = await say(alice, LARGE));
  const { roster } = await alice.request('roster.get', { user: 'bob', watch: true });
  // While it does not read, a socket does not hear that the other side has closed.
  if (rosterCodec.decode(roster).devices[0]!.state !== 'offline') {
    await alice.notices.next('presence', ({ user, state }) => user === 'bob' && state === 'offline');
  }
  bob.socket.resume();
  await bob.closed;
  const back = await openBob();
  const { entries } = await back.request('groups.read', { group, from: last });
  assert.equal(entries[0]?.seq, last);
});

test('P8 one who floods is told to slow down, then heard more slowly, while the others go on', async (t) => {
  const { alice, bob, say } = await room(t, { requests: { burst: 300, perSecond: 10 } });
  const flood = Array.from({ length: 200 }, () => say(bob, SMALL));
  const talk = Array.from({ length: 10 }, () => say(alice, SMALL));
  const refused = (await Promise.allSettled(flood)).filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 100, 'a burst of 40 is let through');
  for (const one of refused) {
    assert.ok(one.status === 'rejected' && hasCode(one.reason, 'rate-limited'));
    assert.match((one.reason as Error).message, /messages a second/);
  }
  assert.equal((await Promise.all(talk)).length, 10);
  let answered = 0;
  const count = (): number => answered++;
  const deaf = Array.from({ length: 1_000 }, () => say(bob, SMALL).then(count, count));
  for (let at = 0; at < 20; at++) await say(alice, SMALL);
  assert.ok(answered < deaf.length, 'what was sent in spite of it waits');
  await bob.close();
  await Promise.allSettled(deaf);
  await say(alice, SMALL);
});
