import assert from 'node:assert/strict';
import { decodeCommit, encodeCommit } from 'ts-mls/commit.js';
import { decodeGroupInfoTBS, encodeGroupInfoTBS } from 'ts-mls/groupInfo.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { concat } from '../../src/base/bytes.js';
import { Failure } from '../../src/base/errors.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { uint } from '../../src/crypto/mls/tls.js';
import { readWelcome } from '../../src/crypto/mls.js';
import { anything, device, engine, GROUP_ID, keyPackageOf, LIFETIME, Room } from './mls.js';
import {
  forgeCommit,
  forgeContent,
  forgeExternalCommit,
  forgeGroupInfo,
  forgeProposal,
  forgeWelcome,
  insideCommit,
  insideExternalCommit,
} from './mls-forge.js';
import { seededRandom } from './random.js';

/**
 * Broken messages against every door of the engine. Half of them are broken before they are signed and sealed, as only
 * a member can make them: what is changed on the way would only try the cipher.
 */

const EXTREMES = [0, 1, 0x7f, 0xff, 0x3fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let times = 1 + randomBelow(random, 3); times > 0; times--) out = mutateOnce(out, random);
  return out;
}

function mutateOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = randomBelow(random, bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + randomBelow(random, 40));
  switch (randomBelow(random, 7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return concat(bytes.subarray(0, at), random.bytes(1 + randomBelow(random, 8)), bytes.subarray(at));
    case 2:
      return concat(bytes.subarray(0, at), bytes.subarray(at + length));
    case 3:
      return concat(bytes.subarray(0, at + length), bytes.subarray(at));
    case 4:
      return overwritten(bytes, at, uint(4, EXTREMES[randomBelow(random, EXTREMES.length)]!));
    case 5:
      return overwritten(bytes, at, random.bytes(1));
    default:
      return overwritten(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << randomBelow(random, 8))));
  }
}

function overwritten(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out.set(by.subarray(0, Math.max(0, out.length - at)), Math.min(at, out.length));
  return out;
}

interface Attack {
  /** How often it is made in a hundred. */
  readonly share: number;
  readonly name: string;
  readonly run: (random: Random) => Promise<unknown>;
}

async function attacks(): Promise<Attack[]> {
  const joiner = device('joiner');
  const room = await Room.of(4);
  await room.commit(1);
  const [own, other] = [room.states[0]!, room.states[2]!];
  const joining = { ...joiner, lifetime: LIFETIME };
  const keyPackage = await keyPackageOf(joiner);
  const invited = decodeWhole(keyPackage.public, 'mls_key_package').keyPackage;
  const added = await engine.commit(own, { add: [keyPackage.public], remove: [3] });
  const info = await engine.groupInfo(own);
  const external = await engine.externalJoin(info, joining);
  const { bytes: message } = await engine.seal(own, new Uint8Array(100), new Uint8Array(16));
  const messages = [message, added.commit, added.welcome!, info, external.commit, keyPackage.public];
  const doors: ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => engine.open(other, bytes),
    (bytes) => engine.applyCommit(other, bytes, anything),
    (bytes) => engine.join(bytes, keyPackage.private, joiner.signatureKey),
    (bytes) => engine.externalJoin(bytes, joining),
    (bytes) => engine.readKeyPackage(bytes),
    (bytes) => readWelcome(bytes),
  ];
  const commit = encodeCommit(await insideCommit(other, added.commit));
  const join = encodeCommit(insideExternalCommit(external.commit));
  const context = decodeWhole(info, 'mls_group_info').groupInfo.groupContext;
  const welcomed = decodeWhole(await engine.groupInfo(added.next), 'mls_group_info').groupInfo;
  const extensions = welcomed.extensions.filter(({ extensionType }) => extensionType === 'ratchet_tree');
  const tbs = encodeGroupInfoTBS({ ...welcomed, extensions });
  const openTbs = encodeGroupInfoTBS(decodeWhole(info, 'mls_group_info').groupInfo);
  const stored = engine.encodeState(other).put;
  const content = concat(uint(1, 5), new Uint8Array(5), uint(2, 0x4040), new Uint8Array(64), new Uint8Array(185));
  const proposal = concat(uint(2, 3), uint(4, 1));
  return [
    {
      share: 35,
      name: 'on the way',
      run: async (random) => {
        const bytes = mutate(messages[randomBelow(random, messages.length)]!, random);
        for (const door of doors) await typed(async () => door(bytes));
      },
    },
    {
      share: 25,
      name: 'content',
      run: async (random) => engine.open(other, forgeContent(own, mutate(content, random))),
    },
    {
      share: 15,
      name: 'proposal',
      run: async (random) => {
        const forged = mutate(proposal, random);
        return engine.applyCommit(other, forgeProposal(GROUP_ID, other.epoch, forged, joiner.signatureKey), anything);
      },
    },
    {
      share: 8,
      name: 'commit',
      run: async (random) => {
        const forged = decoded(decodeCommit, mutate(commit, random));
        if (forged) await engine.applyCommit(other, await forgeCommit(own, forged), anything);
      },
    },
    {
      share: 5,
      name: 'external commit',
      run: async (random) => {
        const forged = decoded(decodeCommit, mutate(join, random));
        if (!forged) return;
        const bytes = await forgeExternalCommit(context, forged, joiner.signatureKey);
        await engine.applyCommit(other, bytes, anything);
      },
    },
    {
      share: 4,
      name: 'welcome',
      run: async (random) => {
        const forged = decoded(decodeGroupInfoTBS, mutate(tbs, random));
        if (!forged) return;
        const welcome = await forgeWelcome(own, await forgeGroupInfo(own, forged), invited);
        await engine.join(welcome, keyPackage.private, joiner.signatureKey);
      },
    },
    {
      share: 2,
      name: 'group info',
      run: async (random) => {
        const forged = decoded(decodeGroupInfoTBS, mutate(openTbs, random));
        if (!forged) return;
        const groupInfo = await forgeGroupInfo(own, forged);
        const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
        await engine.externalJoin(bytes, joining);
      },
    },
    {
      share: 6,
      name: 'stored state',
      run: async (random) => {
        const names = [...stored.keys()];
        const name = names[randomBelow(random, names.length)]!;
        const parts = new Map(stored).set(name, mutate(stored.get(name)!, random));
        engine.decodeState(parts, room.devices[2]!.signatureKey);
      },
    },
  ];
}

/** What the forger's own tools can't read he can't sign either. */
function decoded<T>(decode: (bytes: Uint8Array, at: number) => [T, number] | undefined, bytes: Uint8Array) {
  try {
    return decode(bytes, 0)?.[0];
  } catch {
    return undefined;
  }
}

async function typed(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof Failure, `${(error as Error)?.stack ?? error}`);
    assert.ok(error.reason === 'protocol' && error.code.startsWith('mls-'), `${error.code}: ${error.message}`);
  }
}

function drawn(all: readonly Attack[], ticket: number): Attack {
  let left = ticket;
  for (const attack of all) {
    if (left < attack.share) return attack;
    left -= attack.share;
  }
  throw new RangeError('the shares are not a hundred');
}

/** @throws AssertionError naming seed and round of whatever was not one of the engine's failures */
export async function fuzz(count: number, seed: number): Promise<Map<string, number>> {
  const all = await attacks();
  const tally = new Map<string, number>();
  for (let round = 0; round < count; round++) {
    const random = seededRandom(`${seed}/${round}`);
    const { name, run } = drawn(all, randomBelow(random, 100));
    tally.set(name, (tally.get(name) ?? 0) + 1);
    try {
      await typed(() => run(random));
    } catch (cause) {
      throw new assert.AssertionError({ message: `'${name}', seed ${seed}, round ${round}: ${cause}` });
    }
  }
  return tally;
}
