import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { concat, utf8 } from '../../src/base/bytes.js';
import { randomBelow } from '../../src/base/random.js';
import { startDirectory } from '../../src/directory/directory.js';
import { ROSTER_CONTEXT, rosterCodec } from '../../src/wire/directory.js';
import { register } from '../support/directory-client.js';
import { fill } from '../support/filled.js';
import { deviceOf, differing, everything, isHistory, says } from '../support/histories.js';
import { seededRandom } from '../support/random.js';
import { isMessage, PASSWORD, type Person, Stage } from '../support/stage.js';

/** Three devices in real programs, and a directory in this one that lies to them wherever it can. */
const LINES = 20_000;
const KILLS = 10;
const seed = process.env.SEED ?? String(Date.now() % 1_000_000);

const directory = await startDirectory({ listen: { host: '127.0.0.1', port: 0 }, store: 'memory' });
const { core } = directory.site;
const stage = new Stage();
stage.link = directory.link;
after(async () => {
  await stage.close();
  await directory.close();
});

let lies = true;

/** Of what it pushes some is dropped, some comes twice, and some behind what came after it. */
function lie(chance: () => number): void {
  const add = core.sessions.add.bind(core.sessions);
  core.sessions.add = (session) => {
    for (const name of ['push', 'pushEncoded'] as const) {
      const honest = (session[name] as (...said: unknown[]) => void).bind(session);
      let held: unknown[] | undefined;
      session[name] = ((...said: unknown[]) => {
        const what = lies ? chance() : 0.5;
        if (what < 0.2) return;
        if (what < 0.4 && held === undefined) {
          held = said;
          return;
        }
        honest(...said);
        if (what > 0.8) honest(...said);
        if (held) honest(...held);
        held = undefined;
      }) as never;
    }
    return add(session);
  };
}

/** A device of somebody else's stands among those of the account, first of all. */
async function listGhost(user: string): Promise<{ readonly device: string }> {
  const ghost = await register(directory.link, 'ghost');
  const roster = core.people.roster.bind(core.people);
  core.people.roster = async (account) => {
    const honest = await roster(account);
    if (account.folded !== user) return honest;
    const said = rosterCodec.decode(honest.roster);
    const [first] = said.devices;
    const devices = [{ ...first!, certificate: ghost.certificate, state: 'online' as const }, ...said.devices];
    const encoded = rosterCodec.encode({ ...said, devices });
    return { roster: encoded, signature: core.authority.signStatement(concat(utf8(ROSTER_CONTEXT), encoded)) };
  };
  return ghost;
}

/** All lines in their order, and what the person wants. */
const all = async (person: Person): Promise<readonly string[]> => [
  ...(await everything(person)),
  ...(await says(person, ['preferences'])).map((said) => JSON.stringify(said)),
];

/** The laptop's and another device's lines are the same; looked at again while they are not, as the directory drops news. */
async function agree(people: readonly Person[]): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const [first = [], ...others] = await Promise.all(people.map(all));
    const wrong = others.flatMap((lines) => differing(lines, first));
    if (wrong.length === 0) return first;
    if (tries === 30) assert.deepEqual(wrong, [], `seed ${seed}`);
  }
}

test('A8 three devices, one away, one killed ten times in the hand-over, a directory that lies: all end with the same', async () => {
  const random = seededRandom(seed);
  lie(() => randomBelow(random, 1_000) / 1_000);
  const [ann, bob] = [await stage.registered('ann'), await stage.registered('bob')];
  await fill(ann.home, PASSWORD, { user: 'ann', conversations: ['@bob', '@friend'], each: LINES / 2 });
  const second = await stage.anotherDevice(ann);
  let atSecond = await second.listen();
  const a = await ann.listen();
  const b = await bob.listen();
  for (const person of [ann, bob]) await says(person, ['group', 'join', 'lobby']);
  await says(ann, ['send', '#lobby', 'in the room', '--wait', 'queued']);
  const [{ id: edited }] = (await says(ann, ['send', 'bob', 'frist'])) as [{ id: string }];
  const [{ id: taken }] = (await says(ann, ['send', 'bob', 'taken back'])) as [{ id: string }];
  await atSecond.event(isMessage('taken back'));
  const secondId = deviceOf(atSecond);
  await atSecond.kill('SIGKILL');
  await fill(second.home, PASSWORD, { user: 'ann', conversations: ['@carol'], each: 40 });
  await says(ann, ['delete', taken]);
  await says(ann, ['edit', 'first', '--id', edited]);
  await says(ann, ['mute', '@bob']);
  const ghost = await listGhost('ann');

  const third = stage.newcomer('ann');
  let c = third.start(['login', 'ann', '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0']);
  await c.event(({ event }) => event === 'ready');
  const thirdId = deviceOf(c);
  await a.event(isHistory('asked', thirdId));
  await says(ann, ['device', 'allow', thirdId]);
  let kills = 0;
  while (kills < KILLS) {
    const said = await c.event((one) => isHistory('taking')(one) || isHistory('done')(one));
    if (said.state === 'done') break;
    await c.kill('SIGKILL');
    kills++;
    if (kills % 3 === 0) await says(bob, ['send', '#lobby', `while it comes ${kills}`, '--wait', 'stored']);
    c = await third.listen();
  }
  assert.equal(kills, KILLS, 'it was over before');
  await c.event(isHistory('done', deviceOf(a)));

  // The one that was away comes back; each allows the others.
  atSecond = await second.listen();
  await atSecond.event(isHistory('asked', thirdId));
  await says(second, ['device', 'allow', thirdId]);
  await c.event(isHistory('done', secondId));
  await says(ann, ['device', 'allow', secondId]);
  await atSecond.event(isHistory('done', deviceOf(a)));
  await says(ann, ['device', 'history', 'all']);
  await atSecond.event(isHistory('asked', deviceOf(a)));
  await says(second, ['device', 'allow', deviceOf(a)]);
  await a.event(isHistory('done', secondId));
  // What it withholds for ever nobody can know of: with the next word that comes, all of it is found.
  lies = false;
  await says(bob, ['send', '#lobby', 'the last', '--wait', 'stored']);
  await Promise.all([a, atSecond, c].map((running) => running.event(isMessage('the last'))));
  const lines = await agree([ann, second, third]);
  assert.ok(lines.length >= LINES + 40 + 2 + 1 + 3, String(lines.length));
  assert.ok(!lines.some((line) => line.includes('taken back') || line.includes('frist')));
  assert.ok(
    lines.some((line) => line.includes('"muted":["@bob"]')),
    'the mute is known everywhere',
  );
  // Nothing was sealed for the ghost, and it has asked for nothing that was given.
  for (const user of ['ann', 'ghost']) {
    const { entries } = await core.mailboxes.read(user, ghost.device, 0, 64, 1 << 20);
    assert.deepEqual(entries, []);
  }
  await Promise.all([a, b, c, atSecond].map((running) => running.kill()));
});

test('A8 a device that wants the newest alone gets that, and a wish that is none is told', async () => {
  lies = false;
  const eve = await stage.registered('eve');
  await fill(eve.home, PASSWORD, { user: 'eve', conversations: ['@bob'], each: 20 });
  const running = await eve.listen();
  const some = stage.newcomer('eve');
  const words = ['login', 'eve', '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0'];
  const s = some.start([...words, '--history', '1d']);
  await running.event(isHistory('asked'));
  await says(eve, ['device', 'allow', deviceOf(s)]);
  await s.event(isHistory('done'));
  assert.equal((await says(some, ['history', 'bob', '100'])).length, 20);
  assert.equal((await eve.run(['device', 'history', 'sometimes'])).status, 2);
  await Promise.all([running, s].map((one) => one.kill()));
});
