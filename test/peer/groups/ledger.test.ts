import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { concat, utf8 } from '../../../src/base/bytes.js';
import { Town } from '../../support/town.js';

const town = await Town.build();
after(() => town.close());
const owner = await town.owner();

/** A text in an act, exchanged for another one of the same length. */
function rewritten(act: Uint8Array, from: string, to: string): Uint8Array {
  const at = Buffer.from(act).indexOf(from);
  assert.ok(at > 0 && from.length === to.length);
  return concat(act.subarray(0, at), utf8(to), act.subarray(at + from.length));
}

test('a directory that rewrites, drops, reorders or forgets what stands in the ledger is found', async () => {
  const [ada, ben] = [await town.settle('ada'), await town.settle('ben')];
  await owner.groups.setRole('ada', 'admin');
  await owner.groups.ban('ben', { reason: 'spamming' });
  await owner.groups.unban('ben');
  const lines = await owner.groups.ledger();
  assert.deepEqual(
    lines.map(({ action, user, by, reason }) => [action, user, by, reason]),
    [
      ['role', 'ada', 'owner', undefined],
      ['ban', 'ben', 'owner', 'spamming'],
      ['unban', 'ben', 'owner', undefined],
    ],
  );
  const { ledger } = town.directory.site.core;
  type Page = Awaited<ReturnType<typeof ledger.read>>;
  const honest = ledger.read.bind(ledger);
  const lying = (change: (acts: Page['acts']) => Page['acts']): void => {
    ledger.read = async (...args) => {
      const page = await honest(...args);
      return { ...page, acts: change(page.acts) };
    };
  };
  const lies: Readonly<Record<string, (acts: Page['acts']) => Page['acts']>> = {
    rewrites: (acts) =>
      acts.map((one) => (one.act && Buffer.from(one.act).includes('spamming') ? forged(one.act) : one)),
    drops: (acts) => acts.filter((_, at) => at !== 1),
    reorders: ([first, second, third]) => [first!, third!, second!],
    'hides the whole of': (acts) =>
      acts.map(({ digest }, at) => ({ digest: at === 1 ? digest.map((b) => b ^ 1) : digest })),
  };
  const forged = (act: Uint8Array) => {
    const other = rewritten(act, 'spamming', 'flooding');
    return { act: other, digest: digestOf(other) };
  };
  const { digestOf } = await import('../../../src/crypto/acts.js');
  // Ada reads it for the first time: the signatures and the chain must do.
  for (const [name, lie] of Object.entries(lies)) {
    lying(lie);
    await assert.rejects(owner.groups.ledger(), { reason: 'trust', exit: 6 }, `the owner: ${name}`);
    if (!name.startsWith('hides')) await assert.rejects(ada.groups.ledger(), { reason: 'trust' }, `ada: ${name}`);
  }
  lying((acts) => acts.slice(0, -1));
  await assert.rejects(owner.groups.ledger(), { code: 'ledger-changed' }, 'forgets the newest');
  ledger.read = honest;
  assert.equal((await ada.groups.ledger()).length, 3);
  await Promise.all([ada.close(), ben.close()]);
});

test('M3 one who comes into a group whose acts the directory has changed stays out', async () => {
  const [cat, dan] = [await town.settle('cat'), await town.settle('dan')];
  await owner.groups.create('crew', { kind: 'open' });
  await cat.groups.join('crew');
  await owner.groups.kick('crew', 'cat', 'spamming');
  const { namedGroups } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find('crew')).group!);
  const honest = group.acts.bind(group);
  for (const change of [
    (acts: { seq: number; act: Uint8Array }[]) => acts.filter((_, at) => at !== 1),
    (acts: { seq: number; act: Uint8Array }[]) =>
      acts.map((one) =>
        Buffer.from(one.act).includes('spamming') ? { ...one, act: rewritten(one.act, 'spamming', 'flooding') } : one,
      ),
  ]) {
    group.acts = async (...args) => {
      const page = await honest(...args);
      return { ...page, acts: change(page.acts) };
    };
    await assert.rejects(dan.groups.join('crew'), { reason: 'trust' });
    assert.deepEqual(await dan.history({ conversation: '#crew' }), []);
  }
  group.acts = honest;
  await dan.groups.join('crew');
  await Promise.all([cat.close(), dan.close()]);
});
