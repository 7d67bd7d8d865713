import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived, transfer } from '../support/hosts.js';
import { Miniupnpd, SHARED, WORLD } from '../support/miniupnpd.js';
import type { Ended } from '../support/processes.js';
import { isMessage, Stage } from '../support/stage.js';

/** A router that maps ports for whoever asks, as Debian's miniupnpd does it, between two people who reach each other not. */

const missing = missingTools('ethtool', 'iptables', 'nft', 'miniupnpd');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

const mapping = ({ events }: Ended): string =>
  String(events.find((said) => said.event === 'check' && said.name === 'mapped ports')?.says);

test('a router that maps ports lets messages and files in directly between two that choose random ports, until the end', {
  skip,
}, async () => {
  const network = Network.nats({ a: true, b: true }, { ...WORLD, a: SHARED });
  const router = new Miniupnpd(network, network.routers.b);
  const shared = new Miniupnpd(network, network.routers.a);
  const stage = new Stage();
  stage.host = network.middle.address;
  stage.within = network.within(network.middle);
  try {
    const [anna, bert] = await stage
      .open()
      .then(() =>
        Promise.all([
          stage.registeredOn('anna', network.within(network.a)),
          stage.registeredOn('bert', network.within(network.b)),
          router.run(),
          shared.run(),
        ]),
      );
    bert.env = { P2PCHAT_MAPPING: 'on' };
    const turn = (to: 'on' | 'off'): Promise<Ended> => bert.through(['preferences', 'mapping', to]);
    const folder = join(stage.workshop.folder, 'in');
    const receiving = await bert.listen('--accept', 'all', '--to', folder);
    const asked = mapping(await bert.through(['doctor']));
    assert.match(asked, /lets others in at TCP 44\.55\.66\.1:\d+ and UDP 44\.55\.66\.1:\d+ by PCP/);
    assert.equal(router.rules().match(/dnat ip to 10\.2\.0\.2:/g)?.length, 2);

    // Behind a router that shares its provider's address the others' is the way.
    anna.env = bert.env;
    assert.match(mapping(await anna.run(['doctor'])), /10\.1\.0\.1\) has no port to give: .* no public address itself/);

    const atAnna = await anna.listen();
    assert.equal((await anna.through(['send', 'bert', 'straight in'])).status, 0);
    assert.equal((await receiving.event(isMessage('straight in'))).via, 'direct');
    const path = stage.workshop.file('film'.repeat(750_000));
    arrived(await anna.through(['file', 'bert', path]), path, folder);
    assert.deepEqual(
      receiving.events.filter(transfer('done')).map((said) => said.path),
      ['direct'],
    );
    await atAnna.kill();

    // Where it is off, what was mapped is taken down, and that it is offered is told.
    await turn('off');
    assert.match(mapping(await bert.through(['doctor'])), /10\.2\.0\.1\) offers PCP, but it is off here/);
    assert.doesNotMatch(router.rules(), /dnat/);

    await turn('on');
    await bert.through(['doctor']);
    assert.match(router.rules(), /dnat/);
    await receiving.kill();
    assert.doesNotMatch(router.rules(), /dnat/);
  } finally {
    await stage.close();
    await router.close();
    await shared.close();
    network.close();
  }
});

/** Runs at a router in place of anything that maps ports; told by its first argument what to answer. */
const BAD_ROUTER = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (asked, { port, address }) => {
  const answer = process.argv[1] === 'refuses' ? Buffer.from(asked) : Buffer.from('what is this?');
  if (process.argv[1] === 'refuses') answer[1] |= 0x80;
  if (process.argv[1] === 'refuses') answer[3] = 2;
  if (asked[0] === 2 || process.argv[1] !== 'refuses') socket.send(answer, port, address);
});
socket.bind(5351, () => console.log('ready'));
`;

test('a router that refuses, or answers what nobody can read, is told with what helps', { skip }, async () => {
  const network = Network.nats({ a: true, b: true });
  const stage = new Stage();
  stage.host = network.middle.address;
  stage.within = network.within(network.middle);
  try {
    await stage.open();
    const bert = await stage.registeredOn('bert', network.within(network.b));
    bert.env = { P2PCHAT_MAPPING: 'on' };
    for (const [kind, says] of [
      ['refuses', /the router \(10\.2\.0\.1\) refuses to let others in/],
      ['babbles', /what the router \(10\.2\.0\.1\) answers can't be read/],
    ] as const) {
      const router = spawn(...network.on(network.routers.b, process.execPath, '-e', BAD_ROUTER, kind));
      await once(router.stdout, 'data');
      const ended = await bert.run(['doctor']);
      assert.match(mapping(ended), says);
      assert.match(ended.stdout, /preferences mapping off/);
      router.kill();
      await once(router, 'exit');
    }
  } finally {
    await stage.close();
    network.close();
  }
});
