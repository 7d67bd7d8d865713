import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived } from '../support/hosts.js';
import { Running, type Said } from '../support/processes.js';
import { isMessage, type Person, Stage } from '../support/stage.js';

/** Contacts on one network whose directory is gone before they start, each on a host of its own. */

const missing = missingTools('nft', 'tcpdump');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

type Home = ReturnType<typeof Network.home>;

interface Scene {
  readonly stage: Stage;
  readonly network: Home;
  readonly anna: Person;
  readonly bert: Person;
}

const linkedTo =
  (user: string) =>
  ({ event, ...said }: Said): boolean =>
    event === 'link' && said.user === user && said.state === 'up' && said.path === 'lan';

const check = (events: readonly Said[], name: string): Said =>
  events.find((said) => said.event === 'check' && said.name === name)!;

/** Anna and Bert have written to each other; then the directory ends, and so do they. */
async function acquainted(network: Home, play: (scene: Scene) => Promise<void>): Promise<void> {
  const stage = new Stage();
  stage.host = network.third.address;
  stage.within = network.within(network.third);
  try {
    await stage.open();
    const anna = stage.newcomer('anna');
    anna.within = network.within(network.a);
    anna.listenAt = '0.0.0.0:0';
    assert.equal((await stage.register(anna, '--invite', stage.ownerInvite)).status, 0);
    const bert = await stage.registeredOn('bert', network.within(network.b));
    const listening = await bert.listen();
    assert.equal((await anna.run(['send', 'bert', 'hello'])).status, 0);
    await listening.event(isMessage('hello'));
    assert.equal((await bert.through(['send', 'anna', 'hello yourself'])).status, 0);
    assert.equal((await anna.run(['group', 'create', 'crew', 'bert'])).status, 0);
    assert.equal((await bert.through(['group', 'join', 'crew'])).status, 0);
    const following = await anna.listen();
    assert.equal((await bert.through(['send', '#crew', 'in the crew'])).status, 0);
    await following.event(isMessage('in the crew'));
    await Promise.all([listening.kill(), following.kill()]);
    await stage.directory.kill('SIGKILL');
    for (const person of [anna, bert]) {
      person.listenAt = '[::]:0';
      person.env = { P2PCHAT_LAN: 'on' };
    }
    await play({ stage, network, anna, bert });
  } finally {
    await stage.close();
    network.close();
  }
}

/** Everything that is said by multicast on the wire, as a stranger's machine hears it. */
async function stranger({ stage, network }: Scene): Promise<{ heard(): Promise<Buffer> }> {
  const file = join(stage.workshop.folder, 'heard.pcap');
  const tap = new Running(['-i', 'w', '-U', '-w', file, 'udp', 'port', '5353'], {
    home: stage.workshop.folder,
    within: [...network.within(network.third), 'tcpdump'],
    bare: true,
  });
  await tap.says(/listening on/, 'stderr');
  return {
    async heard() {
      tap.child.kill('SIGINT');
      await once(tap.child, 'close').catch(() => {});
      return readFileSync(file);
    },
  };
}

test('N37 contacts without a directory see each other: messages both ways, a file, and the path is lan', {
  skip,
}, async () => {
  await acquainted(Network.home(), async (scene) => {
    const { stage, anna, bert } = scene;
    const ear = await stranger(scene);
    const folder = join(stage.workshop.folder, 'in');
    const atBert = await bert.listen('--accept', 'all', '--to', folder);
    const atAnna = await anna.listen();
    await Promise.all([atBert.event(linkedTo('anna')), atAnna.event(linkedTo('bert'))]);
    assert.equal((await anna.through(['send', 'bert', 'anybody there?'])).status, 0);
    const { via } = await atBert.event(isMessage('anybody there?'));
    assert.equal(via, 'lan');
    assert.equal((await bert.through(['send', 'anna', 'all of us'])).status, 0);
    await atAnna.event(isMessage('all of us'));
    assert.equal((await anna.through(['send', '#crew', 'dinner?', '--wait', 'queued'])).status, 0);
    await atBert.event(({ text, conversation }) => text === 'dinner?' && conversation === '#crew');
    assert.equal((await bert.through(['send', '#crew', 'at eight', '--wait', 'queued'])).status, 0);
    await atAnna.event(({ text, conversation }) => text === 'at eight' && conversation === '#crew');
    const path = stage.workshop.file('x'.repeat(300_000));
    arrived(await anna.through(['file', 'bert', path]), path, folder);
    const [report] = (await anna.through(['path', 'bert'])).events;
    assert.equal(report?.path, 'lan');
    const says = check((await anna.through(['doctor'])).events, 'local network');
    assert.match(String(says.says), /others are heard/);

    const heard = await ear.heard();
    assert.ok(heard.includes('_p2pchat'), 'the stranger heard something');
    const ids = [anna, bert].map(({ home }) => JSON.parse(readFileSync(join(home, 'profile.json'), 'utf8')).device);
    for (const word of ['anna', 'bert', ...ids]) assert.ok(!heard.includes(word), `${word} is on the wire`);
  });
});

test('over IPv6 alone, by the addresses that every interface has', { skip }, async () => {
  await acquainted(Network.home(), async ({ network, anna, bert }) => {
    for (const host of [network.a, network.b]) network.run(host, 'ip', '-4', 'addr', 'flush', 'dev', 'w');
    const atBert = await bert.listen();
    const atAnna = await anna.listen();
    await Promise.all([atBert.event(linkedTo('anna')), atAnna.event(linkedTo('bert'))]);
    assert.equal((await anna.through(['send', 'bert', 'by six'])).status, 0);
    await atBert.event(isMessage('by six'));
    const [report] = (await anna.through(['path', 'bert'])).events;
    assert.match(String(report?.address), /^fe80:/);
  });
});

test('where multicast is filtered, doctor says so and an address given by hand helps', { skip }, async () => {
  await acquainted(Network.home(), async ({ network, anna, bert }) => {
    network.run(network.a, 'nft', 'add', 'table', 'inet', 't');
    network.run(network.a, 'nft', 'add', 'chain', 'inet', 't', 'in', '{ type filter hook input priority 0; }');
    network.run(network.a, 'nft', 'add', 'rule', 'inet', 't', 'in', 'udp', 'dport', '5353', 'drop');
    bert.listenAt = '[::]:4177';
    const atBert = await bert.listen();
    const atAnna = anna.start(['listen', '--listen', '[::]:0', '--peer', `${network.b.address}:4177`]);
    await Promise.all([atBert.event(linkedTo('anna')), atAnna.event(linkedTo('bert'))]);
    assert.equal((await anna.through(['send', 'bert', 'by hand'])).status, 0);
    await atBert.event(isMessage('by hand'));
    const here = check((await anna.through(['doctor'])).events, 'local network');
    assert.equal(here.ok, false);
    assert.match(String(here.says), /filtered on this machine/);
    const there = check((await bert.through(['doctor'])).events, 'local network');
    assert.match(String(there.says), /anna linked from here did not answer by multicast: it is filtered between/);
  });
});

test('whoever turns it off says nothing on the network', { skip }, async () => {
  await acquainted(Network.home(), async (scene) => {
    const { anna, bert } = scene;
    assert.equal((await anna.run(['preferences', 'lan', 'off'])).status, 0);
    const ear = await stranger(scene);
    const atAnna = await anna.listen();
    const says = check((await anna.through(['doctor'])).events, 'local network');
    assert.match(String(says.says), /turned off/);
    const quiet = await ear.heard();
    assert.ok(!quiet.includes('_p2pchat'));
    // Turned on again while it runs.
    assert.equal((await anna.through(['preferences', 'lan', 'on'])).status, 0);
    const atBert = await bert.listen();
    await Promise.all([atBert.event(linkedTo('anna')), atAnna.event(linkedTo('bert'))]);
  });
});
