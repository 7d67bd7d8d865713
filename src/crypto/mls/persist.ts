import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { sameBytes } from '../../base/bytes.js';
import { bytes, codec, count } from '../../wire/schema.js';
import { asMalformed, mlsFailure } from './failures.js';
import type { Ratchet } from './ratchet.js';
import { rawPublicKey } from './signature.js';
import { currentEpoch, type EpochKeys, type MlsMember, makeState, type RatchetBlock, type State } from './state.js';
import {
  type Decoder,
  decodeGroupContext,
  decodeKeySchedule,
  decodePrivateKeyPath,
  decodeRatchetTree,
  encode,
  encodeKeySchedule,
  encodeRatchetTree,
  privateKeyPathEncoder,
} from './ts-mls.js';

/**
 * A state on disk is a few named parts. A message changes one small part, `ratchet/EPOCH/BLOCK`; a commit writes `group`
 * and `epoch/EPOCH` anew. Private signature keys and settings are in none of them.
 */

export interface MlsParts {
  readonly put: ReadonlyMap<string, Uint8Array>;
  /** Names of parts that are to be deleted with the same write: forward secrecy on disk depends on it. */
  readonly drop: readonly string[];
}

const PART_BYTES = 16 << 20;
const blob = bytes(PART_BYTES);

const groupPart = codec(
  v.object({
    epoch: count(),
    schedule: blob,
    tree: blob,
    path: blob,
    tag: blob,
    handshake: v.array(v.nullable(blob)),
  }),
  PART_BYTES,
);
const statusPart = codec(
  v.object({
    active: v.boolean(),
    ownHandshake: count(),
    /** Always empty; programs of the first version look for it. */
    pending: v.array(v.object({ reference: blob, leafIndex: count() })),
  }),
  PART_BYTES,
);
const epochPart = codec(
  v.object({
    context: blob,
    senderDataSecret: blob,
    /** How many ratchet parts belong to it. */
    blocks: count(),
    members: v.array(v.object({ leafIndex: count(), certificate: blob, signatureKey: blob })),
  }),
  PART_BYTES,
);
const ratchetPart = codec(
  v.array(v.nullable(v.tuple([blob, count(), v.array(v.tuple([count(), blob, blob]))]))),
  PART_BYTES,
);

const ratchetName = (epoch: number, block: number): string => `ratchet/${epoch}/${block}`;
const epochName = (epoch: number): string => `epoch/${epoch}`;

/** What has to be written for `state` to be on disk: all of it, or what differs from `since`, which is there. */
export function encodeState(state: State, since?: State): MlsParts {
  const put = new Map<string, Uint8Array>();
  const drop: string[] = [];
  if (state.core !== since?.core) put.set('group', encodeCore(state));
  if (!sameStatus(state, since)) {
    const { active, ownHandshake } = state;
    put.set('status', statusPart.encode({ active, ownHandshake, pending: [] }));
  }
  for (const keys of state.epochs) {
    const before = since?.epochs.find(({ epoch }) => epoch === keys.epoch);
    if (keys === before) continue;
    if (before === undefined) put.set(epochName(keys.epoch), encodeEpoch(keys));
    for (const [at, block] of keys.ratchets.entries()) {
      if (block !== before?.ratchets[at]) put.set(ratchetName(keys.epoch, at), encodeBlock(block));
    }
  }
  const oldest = state.epochs[0]!.epoch;
  for (const { epoch, ratchets } of since?.epochs ?? []) {
    if (epoch >= oldest) continue;
    drop.push(epochName(epoch), ...ratchets.map((_, at) => ratchetName(epoch, at)));
  }
  return { put, drop };
}

const sameStatus = (a: State, b: State | undefined): boolean =>
  a.active === b?.active && a.ownHandshake === b.ownHandshake;

function encodeCore({ epoch, core }: State): Uint8Array {
  return groupPart.encode({
    epoch,
    schedule: encodeKeySchedule(core.keySchedule),
    tree: encodeRatchetTree(core.ratchetTree),
    path: encode(privateKeyPathEncoder)(core.privatePath),
    tag: core.confirmationTag,
    handshake: core.handshakeSecrets.map((secret) => secret ?? null),
  });
}

const encodeEpoch = ({ context, senderDataSecret, members, ratchets }: EpochKeys): Uint8Array =>
  epochPart.encode({ context, senderDataSecret, blocks: ratchets.length, members: [...members.values()] });

const encodeBlock = (block: RatchetBlock): Uint8Array =>
  ratchetPart.encode(block.map((ratchet) => (ratchet === undefined ? null : encodeRatchet(ratchet))));

/**
 * @param parts all that was put and not dropped
 * @throws Failure 'mls-malformed'; 'mls-unusable' where the signature key is not its leaf's
 */
export function decodeState(parts: ReadonlyMap<string, Uint8Array>, signatureKey: KeyObject): State {
  try {
    return decodeParts(parts, signatureKey);
  } catch (error) {
    throw asMalformed(error, 'the stored state of the conversation is damaged');
  }
}

function decodeParts(parts: ReadonlyMap<string, Uint8Array>, signatureKey: KeyObject): State {
  const epochs = [...parts.keys()]
    .flatMap((name) => (name.startsWith('epoch/') ? [Number(name.slice('epoch/'.length))] : []))
    .sort((a, b) => a - b)
    .map((epoch) => decodeEpoch(parts, epoch));
  const group = groupPart.decode(part(parts, 'group'));
  const current = epochs.at(-1);
  if (current?.epoch !== group.epoch) throw mlsFailure('mls-malformed', 'the stored state lacks its current epoch');
  const { active, ownHandshake } = statusPart.decode(part(parts, 'status'));
  const state = makeState({
    ...{ active, ownHandshake },
    signatureKey,
    epochs,
    core: {
      groupContext: whole(decodeGroupContext, current.context),
      keySchedule: whole(decodeKeySchedule, group.schedule),
      ratchetTree: whole(decodeRatchetTree, group.tree),
      privatePath: whole(decodePrivateKeyPath, group.path),
      confirmationTag: group.tag,
      handshakeSecrets: group.handshake.map((secret) => secret ?? undefined),
    },
  });
  const own = currentEpoch(state).members.get(state.ownLeaf);
  if (own === undefined || !sameBytes(own.signatureKey, rawPublicKey(signatureKey))) {
    throw mlsFailure('mls-unusable', "the stored state is another key's");
  }
  return state;
}

function decodeEpoch(parts: ReadonlyMap<string, Uint8Array>, epoch: number): EpochKeys {
  const { context, senderDataSecret, blocks, members } = epochPart.decode(part(parts, epochName(epoch)));
  const ratchets: RatchetBlock[] = [];
  for (let at = 0; at < blocks; at++) {
    const block = ratchetPart.decode(part(parts, ratchetName(epoch, at)));
    ratchets.push(block.map((ratchet) => (ratchet === null ? undefined : decodeRatchet(ratchet))));
  }
  return {
    epoch,
    context,
    senderDataSecret,
    members: new Map(members.map((member): [number, MlsMember] => [member.leafIndex, member])),
    ratchets,
  };
}

type StoredRatchet = [secret: Uint8Array, generation: number, skipped: [number, Uint8Array, Uint8Array][]];

const encodeRatchet = ({ secret, generation, skipped }: Ratchet): StoredRatchet => [
  secret,
  generation,
  [...skipped].map(([at, { key, nonce }]) => [at, key, nonce]),
];

const decodeRatchet = ([secret, generation, skipped]: StoredRatchet): Ratchet => ({
  secret,
  generation,
  skipped: new Map(skipped.map(([at, key, nonce]) => [at, { key, nonce }])),
});

function part(parts: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const found = parts.get(name);
  if (found === undefined) throw mlsFailure('mls-malformed', `the stored state of the conversation lacks '${name}'`);
  return found;
}

function whole<T>(decoder: Decoder<T>, encoded: Uint8Array): T {
  const decoded = decoder(encoded, 0);
  if (decoded === undefined || decoded[1] !== encoded.length) {
    throw mlsFailure('mls-malformed', 'the stored state of the conversation is damaged');
  }
  return decoded[0];
}
