import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';
import { type Make, SimulatedTown } from './town.js';

const seeds = seedsOf('small-tunnels', 5);

test(`P7 messages over a hostile relay, and paths that die and change, arrive once and in order (${seeds.length} seeds)`, async () => {
  await liveThrough('small-tunnels', seeds);
});

const twoPeople = (): Promise<Make> =>
  SimulatedTown.planned({
    people: { ada: 1, bob: 1 },
    async prepare(town) {
      await town.done('the first line', town.find('ada').peer!.send('bob', 'the first line'));
    },
  });

test('P7 what comes over a new link does not overtake what lies in the mailbox and was said before', async () => {
  const town = await (await twoPeople())('behind the mail');
  const [ada, bob] = [town.find('ada'), town.find('bob')];
  const texts: string[] = [];
  bob.peer!.subscribe((event) => {
    if (event.event === 'message') texts.push(event.text);
  });
  let stored = 0;
  ada.peer!.subscribe((event) => {
    if (event.event === 'sent' && event.state === 'stored') stored++;
  });
  const said = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  town.web.cutAll();
  town.web.routers = { noTcp: true, relay: 'shut', straight: 'shut' };
  for (const text of said) await town.done(text, ada.peer!.send('bob', text));
  town.web.late = { to: bob.installation.host, ms: 700 };
  await town.until('all are in the mailbox', () => stored === said.length);
  town.web.routers = { noTcp: false, relay: 'shut', straight: 'shut' };
  await town.done('a word of bob', bob.peer!.send('ada', 'a word'));
  await town.until('a link', () => ada.peer!.links().some(({ state }) => state === 'up'), 500);
  assert.equal(texts.length, 0);
  await town.done('over', ada.peer!.send('bob', 'over'));
  await town.until('over comes', () => texts.includes('over'));
  assert.deepEqual(texts, [...said, 'over']);
  const lines = await town.done('history', bob.peer!.history({ conversation: '@ada' }));
  assert.equal(lines.at(-1)?.via, 'direct');
  town.close();
});

test('P7 a directory that does not answer holds up no message that comes over a link', async () => {
  const town = await (await twoPeople())('a slow directory');
  const [ada, bob] = [town.find('ada'), town.find('bob')];
  const texts: string[] = [];
  bob.peer!.subscribe((event) => {
    if (event.event === 'message') texts.push(event.text);
  });
  town.web.cutAll();
  town.web.routers = { noTcp: true, relay: 'shut', straight: 'shut' };
  await town.done('by the mailbox', ada.peer!.send('bob', 'by the mailbox'));
  await town.until('it comes', () => texts.length === 1);
  town.web.routers = { noTcp: false, relay: 'shut', straight: 'shut' };
  await town.done('a word of bob', bob.peer!.send('ada', 'a word'));
  await town.until('a link', () => ada.peer!.links().some(({ state }) => state === 'up'));
  town.web.late = { to: bob.installation.host, ms: 10_000 };
  await town.done('over', ada.peer!.send('bob', 'over'));
  await town.until('over comes', () => texts.length === 2, 3_000);
  town.close();
});

test('a message comes by the relay, then straight, by the relay when that dies, and by the mailbox where nothing is left', async () => {
  const town = await (await twoPeople())('by turns');
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
