import { MLS_FORWARD_GENERATIONS, MLS_SKIPPED_GENERATIONS } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import { deriveTreeSecret, hashBytes, keyBytes, type MlsSuite, NONCE_BYTES } from './suite.js';

/**
 * One sender's symmetric ratchet in one epoch (RFC 9420 §9.1). Of generations that were skipped only their keys are
 * kept, never the secret from which all later keys follow: a lost message must not undo forward secrecy.
 */
export interface Ratchet {
  readonly secret: Uint8Array;
  /** The next generation that `secret` makes keys for. */
  readonly generation: number;
  /** Keys of generations before `generation` whose messages have not come, oldest first. */
  readonly skipped: ReadonlyMap<number, MessageKeys>;
}

export interface MessageKeys {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

const NONE: ReadonlyMap<number, MessageKeys> = new Map();

export const startRatchet = (secret: Uint8Array): Ratchet => ({ secret, generation: 0, skipped: NONE });

const keysAt = (suite: MlsSuite, secret: Uint8Array, generation: number): MessageKeys => ({
  key: deriveTreeSecret(suite, secret, 'key', generation, keyBytes(suite)),
  nonce: deriveTreeSecret(suite, secret, 'nonce', generation, NONCE_BYTES),
});

/** The keys of the next generation; they are in no later state of the ratchet. */
export function nextKeys(suite: MlsSuite, ratchet: Ratchet): { keys: MessageKeys; next: Ratchet } {
  const { secret, generation, skipped } = ratchet;
  return {
    keys: keysAt(suite, secret, generation),
    next: {
      secret: deriveTreeSecret(suite, secret, 'secret', generation, hashBytes(suite)),
      generation: generation + 1,
      skipped,
    },
  };
}

/**
 * The keys of a message that came.
 * @throws Failure 'mls-replay' where they were used or dropped, 'mls-too-far' past MLS_FORWARD_GENERATIONS
 */
export function keysOf(suite: MlsSuite, ratchet: Ratchet, generation: number): { keys: MessageKeys; next: Ratchet } {
  if (generation < ratchet.generation) return takeSkipped(ratchet, generation);
  const ahead = generation - ratchet.generation;
  if (ahead > MLS_FORWARD_GENERATIONS) {
    throw mlsFailure('mls-too-far', `the message is ${ahead} ahead of its sender's last one`, { details: { ahead } });
  }
  if (ahead === 0) return nextKeys(suite, ratchet);
  const skipped = new Map(ratchet.skipped);
  let { secret } = ratchet;
  for (let at = ratchet.generation; at < generation; at++) {
    if (generation - at <= MLS_SKIPPED_GENERATIONS) skipped.set(at, keysAt(suite, secret, at));
    secret = deriveTreeSecret(suite, secret, 'secret', at, hashBytes(suite));
  }
  for (const oldest of skipped.keys()) {
    if (skipped.size <= MLS_SKIPPED_GENERATIONS) break;
    skipped.delete(oldest);
  }
  return nextKeys(suite, { secret, generation, skipped });
}

function takeSkipped(ratchet: Ratchet, generation: number): { keys: MessageKeys; next: Ratchet } {
  const keys = ratchet.skipped.get(generation);
  if (keys === undefined) throw mlsFailure('mls-replay', 'the message was opened before, or its key is gone');
  const skipped = new Map(ratchet.skipped);
  skipped.delete(generation);
  return { keys, next: { ...ratchet, skipped } };
}
