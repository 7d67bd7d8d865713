import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { openVault, sealer } from '../../src/crypto/vault.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { requireProfile, storeFolder } from '../../src/peer/storage/profile.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { decodeCbor } from '../../src/wire/cbor.js';
import { contentCodec } from '../../src/wire/content.js';
import { encodeSignal } from '../../src/wire/signals.js';
import { type Inside, ScriptedDevice } from '../support/scripted-device.js';
import { PASSWORD, Town, watch } from '../support/town.js';
import { event, events } from '../support/watching.js';

let town: Town;
let ann: PeerApi;
let bob: PeerApi;
let eve: ScriptedDevice;
let lobby: Inside;
before(async () => {
  town = await Town.build();
  ann = await town.owner('ann');
  bob = await town.settle('bob');
  for (const peer of [ann, bob]) await peer.groups.join('lobby');
  eve = await ScriptedDevice.open(town.link, 'eve');
  const atBob = watch(bob);
  lobby = await eve.enter('lobby');
  await event(atBob, 'group', (one) => one.user === 'eve' && one.change === 'joined');
});
after(async () => {
  await eve.close();
  await town.close();
});

const text = (body: string, more: object = {}) => ({ type: 'text', body, sentAt: Date.now(), ...more });

test('of a newer program what is known is shown, the rest is kept and does not disturb', async () => {
  const atBob = watch(bob);
  await eve.begin('bob');
  await eve.say({ type: 'poll', question: 'tea?', sentAt: Date.now() });
  await eve.say(text('with a new field', { mood: 'happy', replyTo: new Uint8Array(16), expires: 3600 }));
  const shown = await atBob.message('with a new field');
  assert.deepEqual([shown.replyTo, shown.expiresAt !== undefined], ['00'.repeat(16), true]);
  await eve.say({ type: 'receipt', state: 'pondered', ids: [new Uint8Array(16)] });
  await eve.say({ type: 'text', body: 'no time', sentAt: 'yesterday' });
  await eve.say(text('after it'));
  await atBob.message('after it');
  const said = (await bob.history({ conversation: '@eve' })).map((line) => line.text);
  assert.deepEqual(said, ['with a new field', 'after it']);
  assert.deepEqual(events(atBob, 'error'), []);
});

test('an older program finds in what we say the fields it knows, and needs no others', async () => {
  const last = (await bob.history({ conversation: '@eve' })).at(-1)!;
  await bob.setLifetime('@eve', 3600);
  await bob.send('@eve', 'plain', { replyTo: last.id });
  const contents = await eve.heard(({ type }) => type === 'text');
  const plain = contents.find(({ type }) => type === 'text')!;
  assert.deepEqual([plain.body, typeof plain.sentAt, plain.expires], ['plain', 'number', 3600]);
  assert.deepEqual(new Set(contents.map(({ type }) => type)), new Set(['receipt', 'setting', 'text']));
});

test('what was not understood is there when a newer program opens the profile', async () => {
  await bob.close();
  const { vault } = await requireProfile(town.home('bob'));
  const { key } = await openVault(vault, PASSWORD);
  const disk = await openLevelStore({ folder: storeFolder(town.home('bob')) });
  const tables = openTables(disk, sealer(key, systemRandom));
  const kept: string[] = [];
  for await (const row of tables.later.range(['all'])) {
    const content = decodeCbor(row.content, 1 << 16) as { type: string };
    kept.push(content.type);
    // As if the newer program knew what a poll is: to it, it is a text.
    const known = contentCodec.encode({ type: 'text', body: 'tea?', sentAt: Date.now() });
    if (content.type === 'poll') await disk.write([tables.later.put(['all', row.order], { ...row, content: known })]);
  }
  assert.deepEqual(kept, ['poll', 'receipt', 'text']);
  await disk.close();
  bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  assert.deepEqual(atBob.texts(), ['tea?']);
  await bob.close();
  bob = await town.open('bob');
  assert.equal((await bob.search({ words: 'tea?' })).length, 1);
});

test('in a group likewise', async () => {
  const [atAnn, atBob] = [watch(ann), watch(bob)];
  await eve.post(lobby, { type: 'sticker', name: 'cat' });
  await eve.post(lobby, text('and @bob', { font: 'large' }));
  assert.equal((await atBob.message('and @bob')).mentioned, true);
  await atAnn.message('and @bob');
  assert.deepEqual([...events(atAnn, 'error'), ...events(atBob, 'error')], []);
});

test('M6 a signal that is played again, is old, or is of the future, shows nothing; one that is unknown neither', async () => {
  const atBob = watch(bob);
  const typing = (active: boolean, at: number) => encodeSignal({ type: 'typing', active, at });
  const first = await eve.signal(lobby, typing(true, Date.now()));
  await event(atBob, 'typing', (one) => one.user === 'eve' && one.state === 'started');
  await eve.signal(lobby, typing(false, Date.now() + 1));
  await event(atBob, 'typing', (one) => one.state === 'stopped');
  await eve.client.request('groups.signal', first);
  await eve.signal(lobby, typing(true, Date.now() - 600_000));
  await eve.signal(lobby, typing(true, Date.now() + 600_000));
  await eve.signal(lobby, new Uint8Array(96));
  await eve.post(lobby, text('the signals are through'));
  await atBob.message('the signals are through');
  assert.equal(events(atBob, 'typing').length, 2);
  assert.deepEqual(events(atBob, 'error'), []);
});

test('P2 nobody signals in the name of somebody else', async () => {
  const atBob = watch(bob);
  await eve.signal(lobby, encodeSignal({ type: 'typing', active: true, at: Date.now() + 2 }), 'ann');
  await eve.post(lobby, text('was that ann?'));
  await atBob.message('was that ann?');
  assert.deepEqual(events(atBob, 'typing'), []);
});

test('P8 whoever signals too much is told so, and what is of another epoch goes to nobody', async () => {
  const atBob = watch(bob);
  let refused = 0;
  for (let at = 0; at < 30; at++) {
    const signal = encodeSignal({ type: 'read', through: 1, at: Date.now() + 10 + at });
    await eve.signal(lobby, signal).catch((error: { code: string }) => {
      assert.equal(error.code, 'rate-limited');
      refused++;
    });
  }
  assert.ok(refused >= 15, String(refused));
  assert.deepEqual(events(atBob, 'error'), []);
});

test('M6 a directory that puts what was said into the log once more shows and changes nothing', async () => {
  const [atAnn, atBob] = [watch(ann), watch(bob)];
  const { id } = await ann.send('#lobby', 'said once');
  await atBob.message('said once');
  await ann.waitFor(id, 'stored', 10_000);
  await ann.changes.edit(id, 'said better');
  await event(atBob, 'change', (one) => one.text === 'said better');
  await ann.changes.edit(id, 'said best');
  await event(atBob, 'change', (one) => one.text === 'said best');
  await bob.changes.react(id, '👍');
  await event(atAnn, 'change', (one) => one.reactions?.length === 1);
  const { namedGroups, clock } = town.directory.site.core;
  const group = await namedGroups.need(lobby.group);
  const { entries } = await group.read(1, undefined, 1_000, 1 << 24);
  for (const entry of entries.filter((one) => one.kind === 'message')) {
    if (entry.kind !== 'message' || entry.epoch !== group.epoch) continue;
    // Under another device's name, because of its own the directory itself knows the ids.
    const from = { user: 'eve', device: '0'.repeat(16) };
    await group.post(from, { ...entry }, { now: clock.now(), role: 'super-admin' });
  }
  await ann.send('#lobby', 'after the replay');
  await atBob.message('after the replay');
  await atAnn.until((seen) => seen.find((one) => one.event === 'sent' && one.state === 'stored') && true);
  for (const peer of [ann, bob]) {
    const lines = (await peer.history({ conversation: '#lobby', limit: 500 })).filter((line) => line.id === id);
    assert.deepEqual(
      lines.map((line) => [line.text, line.reactions?.length]),
      [['said best', 1]],
    );
  }
  assert.equal(atBob.texts().filter((one) => one === 'said once').length, 1);
});

test('the contents of today are what the codec of today reads', () => {
  const content = contentCodec.decode(contentCodec.encode({ type: 'setting', expire: 60, at: 1 }));
  assert.deepEqual(content, { type: 'setting', expire: 60, at: 1 });
});
