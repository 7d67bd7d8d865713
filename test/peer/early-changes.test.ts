import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fromHex } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { ScriptedDevice } from '../support/scripted-device.js';
import { Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

const text = (body: string) => ({ type: 'text', body, sentAt: Date.now() });
type Change = { readonly type: string; readonly [field: string]: unknown };

/** Ways round in which a message and what is done to it may come. */
function orders<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, at) => orders([...all.slice(0, at), ...all.slice(at + 1)]).map((rest) => [one, ...rest]));
}

test('N19 a message and what its author did to it end in the same line whichever comes first, also over a restart', async () => {
  let bob = await town.settle('bob');
  const eve = await ScriptedDevice.open(town.link, 'eve');
  await eve.begin('bob');
  const cases: readonly (readonly Change[])[] = [
    [{ type: 'delete' }],
    [{ type: 'edit', body: 'second' }],
    [{ type: 'reaction', emoji: '👍' }],
    [{ type: 'edit', body: 'second' }, { type: 'delete' }],
  ];
  for (const [number, changes] of cases.entries()) {
    const lines = new Set<string>();
    for (const [round, order] of orders(['text', ...changes] as const).entries()) {
      const id = systemRandom.bytes(16);
      for (const [at, part] of order.entries()) {
        // What came early is on disk, and not in memory alone.
        if (at === 1 && round === order.length - 1) {
          const atBob = watch(bob);
          await eve.say(text(`before ${number}`));
          await atBob.message(`before ${number}`);
          await bob.close();
          bob = await town.open('bob');
        }
        if (part === 'text') await eve.say(text('first'), id);
        else await eve.say({ ...(part as Change), id });
      }
      const atBob = watch(bob);
      await eve.say(text(`behind ${number} ${round}`));
      await atBob.message(`behind ${number} ${round}`);
      const line = (await bob.history({ conversation: '@eve', limit: 50 })).find((one) =>
        Buffer.from(fromHex(one.id)).equals(id),
      );
      lines.add(JSON.stringify([line?.text, line?.edited, line?.deleted, line?.reactions]));
    }
    assert.equal(lines.size, 1, `${JSON.stringify(changes)}: ${[...lines].join(' | ')}`);
  }
  await eve.close();
  await bob.close();
});
