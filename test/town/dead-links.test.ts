import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resident } from './resident.js';
import { type Make, SimulatedTown } from './town.js';

/** Links that died without anybody having closed them, and two that come up at once. */

const make: Promise<Make> = SimulatedTown.planned({
  people: { ada: 1, bob: 1 },
  async prepare(town) {
    await town.done('the first line', town.find('ada').peer!.send('bob', 'the first line'));
  },
});

/** Says it, and waits until it has come. @returns how it came, and after how many ms */
async function say(town: SimulatedTown, from: Resident, text: string): Promise<{ via: string; after: number }> {
  const other = town.residents.find((one) => one !== from)!;
  const before = town.time.monotonic();
  let via: string | undefined;
  const stop = other.peer!.subscribe((event) => {
    if (event.event === 'message' && event.text === text) via = event.via;
  });
  await town.done(text, from.peer!.send(other.name, text));
  await town.until(`${text} comes`, () => via !== undefined, 30_000);
  stop();
  return { via: via!, after: town.time.monotonic() - before };
}

const between = async (name: string, by: 'ada' | 'bob'): Promise<[SimulatedTown, Resident, Resident]> => {
  const town = await (await make)(name);
  const [ada, bob] = [town.find('ada'), town.find('bob')];
  const dialling = by === 'ada' ? ada : bob;
  assert.equal((await say(town, dialling, 'linked')).via, 'direct');
  return [town, ada, bob];
};

test('a link whose other end went unheard does not stand in the way of the new one', async () => {
  for (const by of ['ada', 'bob'] as const) {
    for (const noTcp of [true, false]) {
      const [town, ada, bob] = await between(`gone, ${by} dialled, ${noTcp ? 'no TCP' : 'TCP'}`, by);
      town.web.routers = { noTcp, relay: 'open', straight: 'shut' };
      town.web.forget(bob.installation.host);
      const via = noTcp ? 'relay' : 'direct';
      const here = await say(town, bob, 'here again');
      assert.ok(here.via === via && here.after < 1_000, `${town.seed}: ${JSON.stringify(here)}`);
      const back = await say(town, ada, 'and back');
      assert.ok(back.via === via && back.after < 1_500, `${town.seed}: ${JSON.stringify(back)}`);
      town.close();
    }
  }
});

test('a link that died unheard at both ends has another made beside it, or leaves what waits to the mailbox', async () => {
  for (const [way, routers] of Object.entries({
    direct: { noTcp: false, relay: 'shut', straight: 'shut' },
    relay: { noTcp: true, relay: 'open', straight: 'shut' },
    mailbox: { noTcp: true, relay: 'shut', straight: 'shut' },
  } as const)) {
    const [town, ada] = await between(`dead, then ${way}`, 'ada');
    town.web.routers = routers;
    town.web.forget();
    const { via, after } = await say(town, ada, 'still there?');
    assert.ok(
      via === way && after < (way === 'mailbox' ? 5_000 : 3_500),
      `${via} instead of ${way}, after ${after} ms`,
    );
    town.close();
  }
});

test('P9 of two links that are dialled at once both ends keep the same', async () => {
  for (let at = 0; at < 8; at++) {
    const town = await (await make)(`at once ${at}`);
    const [ada, bob] = [town.find('ada'), town.find('bob')];
    town.web.settings = { latency: 5 + 40 * at, jitter: 30 * at, loss: 0 };
    await town.pass(town.below(2_000));
    const said = [ada.peer!.send('bob', 'from ada'), bob.peer!.send('ada', 'from bob')];
    await town.done('both are sent', Promise.all(said));
    await town.until('one link', () => town.web.connections === 1, 20_000);
    await town.pass(10_000);
    assert.equal(town.web.connections, 1, town.seed);
    for (const one of [ada, bob])
      assert.equal((await say(town, one, `again from ${one.name}`)).via, 'direct', town.seed);
    town.close();
  }
});
