import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { onHosts } from '../support/hosts.js';
import type { Said } from '../support/processes.js';
import { isMessage } from '../support/stage.js';

/** Messages between two who are behind NATs, with whole programs on hosts in namespaces. */

const missing = missingTools('ethtool', 'iptables', 'tc');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

const linked =
  (path: string) =>
  ({ event, state, path: by }: Said): boolean =>
    event === 'link' && state === 'up' && by === path;

test('between NATs that keep ports messages go straight, by the relay once that dies, and straight again', {
  skip,
}, async () => {
  const network = Network.nats({ a: false, b: false });
  await onHosts(network, network.middle, async ({ anna, receiving }) => {
    const atAnna = await anna.listen();
    const texts = ['first', 'second', 'third', 'fourth'];
    const send = async (text: string): Promise<unknown> => {
      assert.equal((await anna.through(['send', 'bert', text])).status, 0);
      return (await receiving.event(isMessage(text))).via;
    };
    assert.notEqual(await send('first'), 'mailbox');
    await receiving.event(linked('direct'));
    await atAnna.event(linked('direct'));
    assert.equal(await send('second'), 'direct');
    // Without a word: what goes by the middle is gone, what goes to it is not.
    const drop = ['FORWARD', '-p', 'udp', '-j', 'DROP'] as const;
    // It may have begun by the relay.
    const relayed = atAnna.events.filter(linked('relay')).length;
    network.run(network.middle, 'iptables', '-I', ...drop);
    assert.equal(await send('third'), 'relay');
    await atAnna.several(relayed + 1, linked('relay'));
    const [report] = (await anna.through(['path', 'bert'])).events;
    assert.equal(report?.path, 'relay');
    const before = receiving.events.filter(linked('direct')).length;
    network.run(network.middle, 'iptables', '-D', ...drop);
    await receiving.several(before + 1, linked('direct'));
    assert.notEqual(await send('fourth'), 'mailbox');
    for (const text of texts) assert.equal(receiving.events.filter(isMessage(text)).length, 1, text);
    await atAnna.kill();
  });
});

test('between NATs that choose random ports messages go by the relay, both ways, and path says so', {
  skip,
}, async () => {
  const network = Network.nats({ a: true, b: true });
  await onHosts(network, network.middle, async ({ anna, bert, receiving }) => {
    const atAnna = await anna.listen();
    assert.equal((await anna.through(['send', 'bert', 'there'])).status, 0);
    assert.equal((await receiving.event(isMessage('there'))).via, 'relay');
    assert.equal((await bert.through(['send', 'anna', 'back'])).status, 0);
    assert.equal((await atAnna.event(isMessage('back'))).via, 'relay');
    const [report] = (await anna.through(['path', 'bert'])).events;
    assert.equal(report?.path, 'relay');
    assert.match(String(report?.hint), /open a port/);
    await atAnna.kill();
  });
});
