import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';
import { SimulatedTown } from './town.js';

const seeds = seedsOf('small-tunnels', 5);

test(`P7 messages over a hostile relay, and paths that die and change, arrive once and in order (${seeds.length} seeds)`, async () => {
  await liveThrough('small-tunnels', seeds);
});

test('a message comes by the relay, then straight, by the relay when that dies, and by the mailbox where nothing is left', async () => {
  const make = await SimulatedTown.planned({
    people: { ada: 1, bob: 1 },
    async prepare(town) {
      await town.done('the first line', town.find('ada').peer!.send('bob', 'the first line'));
    },
  });
  const town = await make('by turns');
  const [ada, bob] = [town.find('ada'), town.find('bob')];
  const vias = new Map<string, string>();
  bob.peer!.subscribe((event) => {
    if (event.event === 'message') vias.set(event.text, event.via);
  });
  const say = async (text: string, via: string): Promise<void> => {
    const before = town.time.monotonic();
    await town.done(text, ada.peer!.send('bob', text));
    await town.until(`${text} comes`, () => vias.has(text), 6_000);
    assert.equal(vias.get(text), via, `${text} after ${town.time.monotonic() - before} ms`);
  };
  town.web.cutAll();
  town.web.routers = { noTcp: true, relay: 'open', straight: 'shut' };
  await say('by the relay', 'relay');
  town.web.routers = { noTcp: true, relay: 'open', straight: 'open' };
  await town.until('straight', () => ada.peer!.links().some(({ path }) => path === 'direct'));
  await say('straight', 'direct');
  town.web.routers = { noTcp: true, relay: 'open', straight: 'shut' };
  await say('by the relay again', 'relay');
  town.web.routers = { noTcp: true, relay: 'shut', straight: 'shut' };
  await say('by the mailbox', 'mailbox');
  town.close();
});
