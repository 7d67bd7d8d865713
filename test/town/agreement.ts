import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { hex } from '../../src/base/bytes.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { createMlsEngine } from '../../src/crypto/mls.js';
import { seededRandom } from '../support/random.js';
import { haveAll, inTown, Life, linesOf } from './life.js';
import { misfortune, stopDirectory } from './misfortune.js';
import type { Resident } from './resident.js';
import { type Make, type Plan, SimulatedTown } from './town.js';

export const ROOM = '#lobby';
const OWNER = 'ada';
const BETWEEN_MS = 4_000;

/** A room with its owner and one other, and two who are not in it yet, one of them with two devices. */
export const aRoom = (): Promise<Make> => roomOf({ [OWNER]: 1, bob: 1, cyn: 2, dan: 1 });

/** The same with fewer: what goes wrong among three goes wrong in fewer steps, and is told in fewer lines. */
export const aSmallRoom = (): Promise<Make> => roomOf({ [OWNER]: 1, bob: 2 });

const roomOf = (people: Plan['people']): Promise<Make> =>
  SimulatedTown.planned({
    people,
    async prepare(town) {
      for (const name of [OWNER, 'bob']) await town.done('joining', town.find(name).peer!.groups.join(ROOM));
    },
  });

type Step = (town: SimulatedTown, life: Life) => void;

const speaks: Step = (town, life) => life.say(town.any(town.residents), ROOM);
const joins: Step = (town, life) => life.does(other(town), 'joins', (peer) => peer.groups.join(ROOM));
const leaves: Step = (town, life) => life.does(other(town), 'leaves', (peer) => peer.groups.leave(ROOM));
const kicks: Step = (town, life) => {
  const { user } = other(town).installation;
  life.does(town.find(OWNER), `kicks ${user}`, (peer) => peer.groups.kick(ROOM, user));
};
/** Without the directory what is said goes straight to those who can be reached. */
const talksWithoutDirectory: Step = (town, life) => {
  stopDirectory(town);
  for (const delay of [1_000, 2_000, 4_000]) town.time.after(delay, () => speaks(town, life));
};
const STEPS_OF_LIFE = [speaks, speaks, speaks, speaks, joins, joins, joins, leaves, kicks, talksWithoutDirectory];

const other = (town: SimulatedTown): Resident =>
  town.any(town.residents.filter(({ installation }) => installation.user !== OWNER));

/** People speak, come, go and are put out while things go wrong; then all who are in the room agree on it. */
export const agreement = (make: Make, seed: string, steps = 30): Promise<string> =>
  inTown(make, seed, async (town) => {
    const life = new Life(town);
    const step = (): void => {
      if (town.below(4) === 0) misfortune(town);
      else town.any(STEPS_OF_LIFE)(town, life);
    };
    await life.goesOn(steps, step, BETWEEN_MS);
    await agree(town, life);
  });

/** All join in the same moment, some of them are put out or die meanwhile, and try again. */
export const joiningRace = (make: Make, seed: string, rounds = 3): Promise<string> =>
  inTown(make, seed, async (town) => {
    const life = new Life(town);
    for (let round = 0; round < rounds; round++) {
      for (const resident of town.residents) life.does(resident, 'joins', (peer) => peer.groups.join(ROOM));
      await life.goesOn(6, () => town.any([misfortune, misfortune, speaks, kicks, leaves, joins])(town, life), 400);
      await town.pass(town.below(10_000));
    }
    await agree(town, life);
  });

/** Who is in the room speaks and is heard by all who are; nobody has a line twice, and a place in the log is one line's. */
async function agree(town: SimulatedTown, life: Life): Promise<void> {
  await town.mend();
  await town.pass(60_000);
  const members = await membersBy(town, town.find(OWNER));
  const inside = town.residents.filter(({ installation: { user } }) => members.includes(user));
  const from = life.said.length;
  for (const resident of inside) life.say(resident, ROOM);
  const last = life.said.slice(from).map(({ text }) => text);
  await haveAll(town, inside, last, () => ROOM);
  const lines = await Promise.all(inside.map((resident) => linesOf(town, resident, ROOM)));
  const logs = lines.map((all) => all.filter(({ seq }) => seq !== undefined));
  const places = new Map<number, string>();
  inside.forEach(({ name }, at) => {
    const ids = lines[at]!.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, `${name} has a line twice`);
    for (const { seq, id, text } of logs[at]!) {
      assert.equal(places.get(seq!) ?? id, id, `'${text}' stands in another's place at ${name}`);
      places.set(seq!, id);
    }
  });
  const own = logs[inside.findIndex(({ name }) => name === OWNER)]!;
  assert.deepEqual(
    own.map(({ id }) => id),
    inOrder(places),
    `${OWNER}, who was always there, lacks lines`,
  );
  for (const resident of inside) {
    assert.deepEqual(await membersBy(town, resident), members, `${resident.name} sees other members`);
  }
  const epochs = await Promise.all(inside.map((resident) => epochOf(town, resident)));
  assert.equal(new Set(epochs).size, 1, `epochs and what led to them: ${epochs}`);
}

const inOrder = (places: ReadonlyMap<number, string>): string[] =>
  [...places].sort(([one], [two]) => one - two).map(([, id]) => id);

async function membersBy(town: SimulatedTown, { peer }: Resident): Promise<string[]> {
  const members = await town.done('members', peer!.groups.members(ROOM));
  return members
    .filter(({ state }) => state === 'member')
    .map(({ user }) => user)
    .sort();
}

/** The epoch as it is on the disk, and a value that all have alike who agree on everything that led to it. */
async function epochOf(town: SimulatedTown, resident: Resident): Promise<string> {
  const tables = resident.tables();
  const read = async (): Promise<string> => {
    const device = await tables.device.get('self');
    const signatureKey = createPrivateKey(SigningKey.fromSeed(device!.deviceSeed).pem());
    for await (const { group, user } of tables.groups.range([])) {
      if (user !== ROOM) continue;
      const parts = new Map<string, Uint8Array>();
      for await (const { part, bytes } of tables.parts.range([hex(group)])) parts.set(part, bytes);
      const state = engine.decodeState(parts, signatureKey);
      return `${state.epoch} ${hex(engine.epochAuthenticator(state))}`;
    }
    return 'none';
  };
  return town.done('the epoch', read());
}

const engine = createMlsEngine({ verifyCredential: async () => true, random: seededRandom('looks'), now: () => 0 });
