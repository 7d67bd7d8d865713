import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemRandom } from '../../../src/base/random.js';
import type { Context } from '../../../src/commands/command.js';
import { play } from '../../../src/commands/play.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';

/** What happens to a player while its film is paused, found again, called off, or whole. */

const SIZE = 12_000_000;

let town: Town;
let ada: PeerApi;
let bob: PeerApi;
before(async () => {
  town = await Town.build();
  [ada, bob] = [await town.settle('ada'), await town.settle('bob')];
  await mkdir(town.home('files'), { recursive: true });
});
after(() => town.close());

/** Noise that begins as a film does. */
const begin = Buffer.from('\0\0\0\x18ftypisom', 'latin1');
const content = Buffer.concat([begin, systemRandom.bytes(SIZE - begin.length)]);

/** Of which little has come yet. */
async function film(name: string, rate: number) {
  const path = join(town.home('files'), name);
  writeFileSync(path, content);
  const atBob = watch(bob);
  const state = (wanted: TransferEvent['state'], from = 0): Promise<TransferEvent> =>
    atBob.until((events) =>
      events
        .slice(from)
        .find(
          (event): event is TransferEvent => event.event === 'transfer' && event.id === id && event.state === wanted,
        ),
    );
  const [offer] = await ada.files.offer('bob', [path], { rate, video: true });
  const { id } = offer!;
  await state('offered');
  await bob.files.accept(id, join(town.home('bob'), 'in'));
  await state('running');
  return { id, atBob, state };
}

const ranged = (url: string, from: number) => fetch(url, { headers: { range: `bytes=${from}-` } });

test('a player that waits goes on where the transfer is paused and resumed, and gets what it asked for first', async () => {
  const { id, atBob, state } = await film('paused.mp4', 4e5);
  const { url } = await bob.files.play(id);
  const end = await ranged(url, SIZE - 100_000);
  await bob.files.control(id, 'pause');
  const from = atBob.seen.length;
  await bob.files.control(id, 'resume');
  await state('running', from);
  assert.ok(Buffer.from(await end.arrayBuffer()).equals(content.subarray(SIZE - 100_000)));
  assert.ok(bob.files.list().find((event) => event.id === id)!.bytes < SIZE / 2, 'it came in order');
  assert.equal((await bob.files.play(id)).url, url, 'the second player reads at another address');
  await bob.files.control(id, 'cancel');
});

test('a player that waits is let go where the transfer is called off, by whomever', async () => {
  for (const [name, who] of [
    ['here.mp4', () => bob],
    ['there.mp4', () => ada],
  ] as const) {
    const { id } = await film(name, 500_000);
    const { url } = await bob.files.play(id);
    const end = await ranged(url, SIZE / 2);
    await who().files.control(id, 'cancel');
    await assert.rejects(end.arrayBuffer());
    await assert.rejects(fetch(url), 'it is served still');
    if (who() === ada) await assert.rejects(bob.files.play(id), { code: 'transfer-not-playable' });
  }
});

test('what is whole is played from its place, also by the next program, as long as it is there', async () => {
  const { id, state } = await film('whole.mp4', 40e6);
  const { url } = await bob.files.play(id);
  const during = await fetch(url);
  await state('done');
  assert.ok(Buffer.from(await during.arrayBuffer()).equals(content));
  await bob.close();
  bob = await town.open('bob');
  const again = await fetch((await bob.files.play(id)).url);
  assert.ok(Buffer.from(await again.arrayBuffer()).equals(content));
  assert.ok(readFileSync(join(town.home('bob'), 'in', 'whole.mp4')).equals(content));
});

test('a player that is missing or fails is said so, before anything is said to play', async () => {
  const [{ id } = { id: '' }] = bob.files.list().filter(({ state }) => state === 'done');
  const items: unknown[] = [];
  const run = async (player: string): Promise<void> => {
    const context = { face: 'shell', commands: [], now: () => 0 } as unknown as Context;
    for await (const item of play.run(bob, { id, player }, context)) items.push(item);
  };
  await assert.rejects(run('no-such-player --loud'), { code: 'player-missing' });
  assert.deepEqual(items, []);
  await assert.rejects(run('false'), { code: 'player-failed' });
  await run('true');
  await assert.rejects(bob.files.play(id, 1), { code: 'no-such-file' });
});
