import assert from 'node:assert/strict';
import { randomBelow } from '../../src/base/random.js';
import type { MlsSuite } from '../../src/crypto/mls.js';
import { anything, engine, Room } from './mls.js';
import { seededRandom } from './random.js';

interface Race {
  readonly members: number;
  readonly rounds: number;
  readonly suite: MlsSuite;
  readonly seed: number;
}

/** All commit in the same epoch; a delivery service takes one of them; the losers follow from what they kept. */
export async function race({ members, rounds, suite, seed }: Race): Promise<void> {
  const random = seededRandom(seed);
  const room = await Room.of(members, suite);
  for (let round = 0; round < rounds; round++) {
    const made = await Promise.all(room.states.map((state) => engine.commit(state)));
    const winner = randomBelow(random, members);
    const { commit, epoch } = made[winner]!;
    assert.ok(made.every((one) => one.epoch === epoch));
    for (const [at, { waiting, next }] of made.entries()) {
      room.states[at] = at === winner ? next : (await engine.applyCommit(waiting, commit, anything)).next;
    }
    const authenticators = room.states.map((state) => Buffer.from(engine.epochAuthenticator(state)).toString('hex'));
    assert.equal(new Set(authenticators).size, 1, `members disagree in round ${round}, seed ${seed}`);
    const speaker = randomBelow(random, members);
    const listener = (speaker + 1) % members;
    assert.equal(await room.hear(listener, await room.say(speaker, `round ${round}`)), `round ${round}`);
  }
}
