import assert from 'node:assert/strict';
import { randomBelow } from '../../src/base/random.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { seededRandom } from './random.js';
import { Town, watch } from './town.js';

export interface LifeInit {
  readonly seed: string;
  readonly members: number;
  readonly operations: number;
}

const ROOM = '#lobby';
const PATIENCE_MS = 60_000;

/**
 * People who talk, come, go, are kicked, and restart in the middle, in an order that the seed decides; then all who are in
 * the room must be able to talk to each other and agree on the order of everything said.
 */
export async function live({ seed, members, operations }: LifeInit): Promise<void> {
  const random = seededRandom(seed);
  const below = (limit: number): number => randomBelow(random, limit);
  const town = await Town.build();
  const names = Array.from({ length: members - 1 }, (_, at) => `m${at}`);
  const peers = new Map<string, PeerApi>([['owner', await town.owner()]]);
  const inside = new Set(['owner']);
  const log: string[] = [];
  const any = (of: Iterable<string>): string => {
    const all = [...of];
    return all[below(all.length)]!;
  };
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    join: async () => {
      const out = names.filter((name) => !inside.has(name));
      if (out.length === 0) return;
      const name = any(out);
      log.push(`${name} joins`);
      await peers.get(name)!.groups.join(ROOM);
      inside.add(name);
    },
    leave: async () => {
      const name = any(inside);
      if (name === 'owner') return;
      log.push(`${name} leaves`);
      await peers.get(name)!.groups.leave(ROOM);
      inside.delete(name);
    },
    kick: async () => {
      const name = any(inside);
      if (name === 'owner') return;
      log.push(`${name} is kicked`);
      await peers.get('owner')!.groups.kick(ROOM, name);
      inside.delete(name);
    },
    restart: async () => {
      const name = any(peers.keys());
      log.push(`${name} restarts`);
      await peers.get(name)!.close();
      peers.set(name, await town.open(name));
    },
    say: async () => {
      const name = any(inside);
      log.push(`${name} speaks`);
      await peers.get(name)!.send(ROOM, `${log.length} of ${name}`);
    },
  };
  try {
    for (const name of names) peers.set(name, await town.settle(name));
    await peers.get('owner')!.groups.join(ROOM);
    for (let at = 0; at < operations; at++) {
      const kind = ['say', 'say', 'say', 'say', 'join', 'join', 'leave', 'kick', 'restart'][below(9)]!;
      // Two at once, where one is a message: what is said is sealed in one epoch and may meet the next.
      const besides = kind !== 'restart' && below(2) === 0 ? [peers.get('owner')!.send(ROOM, `${at} besides`)] : [];
      await Promise.all([steps[kind]!(), ...besides]);
    }
    await agree(peers, inside);
  } catch (error) {
    throw new Error(`seed '${seed}' after:\n${log.slice(-20).join('\n')}`, { cause: error });
  } finally {
    await town.close();
  }
}

async function agree(peers: ReadonlyMap<string, PeerApi>, inside: ReadonlySet<string>): Promise<void> {
  const here = [...inside].map((name) => ({ name, peer: peers.get(name)!, seen: watch(peers.get(name)!) }));
  for (const { name, peer } of here) {
    const { id } = await peer.send(ROOM, `the last word of ${name}`);
    assert.equal((await peer.waitFor(id, 'stored', PATIENCE_MS)).state, 'stored', `${name} cannot speak`);
  }
  for (const { seen } of here) {
    for (const { name: other } of here.filter((one) => one.seen !== seen))
      await seen.message(`the last word of ${other}`);
  }
  const places = new Map<string, number | undefined>();
  for (const { name, peer } of here) {
    const lines = await peer.history({ conversation: ROOM, limit: 1_000 });
    assert.deepEqual(new Set(lines.map(({ id }) => id)).size, lines.length, `${name} has a line twice`);
    for (const { id, seq, text } of lines) {
      assert.equal(places.get(id) ?? seq, seq, `'${text}' has another place at ${name}`);
      places.set(id, seq);
    }
  }
}
