import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { concat, sameBytes, utf8 } from '../../src/base/bytes.js';
import { Failure } from '../../src/base/errors.js';
import type { Random } from '../../src/base/random.js';
import { systemRandom } from '../../src/base/random.js';
import { rawPublicKey } from '../../src/crypto/mls/signature.js';
import {
  createMlsEngine,
  type MlsCommitInit,
  type MlsEngine,
  type MlsEngineInit,
  type MlsFailureCode,
  type MlsState,
  type MlsSuite,
} from '../../src/crypto/mls.js';

export const NOW = Date.UTC(2026, 0, 1);
export const LIFETIME = { notBefore: NOW, notAfter: NOW + 30 * 24 * 3_600_000 };
export const GROUP_ID = utf8('sixteen byte id!');

/** Stands for X.509: the name, then the key. */
export const certificateOf = (name: string, key: Uint8Array): Uint8Array =>
  concat(utf8(`certificate of ${name} `), key);

const certifies = (certificate: Uint8Array, key: Uint8Array): boolean =>
  sameBytes(certificate.subarray(-key.length), key);

export interface Device {
  readonly name: string;
  readonly signatureKey: KeyObject;
  readonly publicKey: Uint8Array;
  readonly certificate: Uint8Array;
}

export function device(name: string): Device {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = rawPublicKey(privateKey);
  return { name, signatureKey: privateKey, publicKey, certificate: certificateOf(name, publicKey) };
}

export const engineWith = (change: Partial<MlsEngineInit> = {}): MlsEngine =>
  createMlsEngine({
    verifyCredential: certifies,
    random: systemRandom satisfies Random,
    now: () => NOW,
    ...change,
  });

export const engine = engineWith();

/** For assert.rejects: a failure of the engine with that code, and nothing but a failure. */
export const failsWith = (code: MlsFailureCode) => (error: unknown) => {
  assert.ok(error instanceof Failure, `${error} is not a Failure`);
  assert.deepEqual([error.reason, error.code], ['protocol', code], error.message);
  return true;
};

/** Refused before the library had a say: what the library throws becomes the cause of a failure. */
export const atTheGate = (error: unknown): boolean =>
  failsWith('mls-invalid')(error) && (error as Failure).cause === undefined;

export const anything = (): boolean => true;

export const joining = ({ certificate, signatureKey }: Device) => ({ certificate, signatureKey, lifetime: LIFETIME });

export const keyPackageOf = (owner: Device, suite: MlsSuite = 'classic', lifetime = LIFETIME) =>
  engine.createKeyPackage({ suite, certificate: owner.certificate, signatureKey: owner.signatureKey, lifetime });

export const groupOf = (owner: Device, suite: MlsSuite = 'classic'): Promise<MlsState> =>
  engine.createGroup({
    suite,
    groupId: GROUP_ID,
    certificate: owner.certificate,
    signatureKey: owner.signatureKey,
    lifetime: LIFETIME,
  });

/** A store as the engine wants it. */
export class Disk {
  readonly parts = new Map<string, Uint8Array>();
  #last: MlsState | undefined;

  /** The names of the parts that were written. */
  save(state: MlsState): string[] {
    const { put, drop } = engine.encodeState(state, this.#last);
    for (const [name, bytes] of put) this.parts.set(name, bytes);
    for (const name of drop) this.parts.delete(name);
    this.#last = state;
    return [...put.keys()];
  }
}

/** Devices and their states; what one commits the others apply. */
export class Room {
  readonly devices: Device[];
  readonly states: MlsState[];

  private constructor(devices: Device[], states: MlsState[]) {
    this.devices = devices;
    this.states = states;
  }

  static async of(size: number, suite: MlsSuite = 'classic'): Promise<Room> {
    const first = device('member 0');
    const room = new Room([first], [await groupOf(first, suite)]);
    if (size > 1) await room.add(0, size - 1);
    return room;
  }

  async add(by: number, count: number): Promise<void> {
    const { suite } = this.states[by]!;
    const joining = Array.from({ length: count }, (_, at) => device(`member ${this.devices.length + at}`));
    const packages = await Promise.all(joining.map((joiner) => keyPackageOf(joiner, suite)));
    const { welcome } = await this.commit(by, { add: packages.map((keyPackage) => keyPackage.public) });
    for (const [at, joiner] of joining.entries()) {
      this.devices.push(joiner);
      this.states.push(await engine.join(welcome!, packages[at]!.private, joiner.signatureKey));
    }
  }

  /** Everybody who is still a member follows. */
  async commit(by: number, init?: MlsCommitInit) {
    const made = await engine.commit(this.states[by]!, init);
    for (const [at, state] of this.states.entries()) {
      if (at === by) this.states[at] = made.next;
      else if (state.active) this.states[at] = (await engine.applyCommit(state, made.commit, anything)).next;
    }
    return made;
  }

  async say(by: number, text: string): Promise<Uint8Array> {
    const { next, bytes } = await engine.seal(this.states[by]!, utf8(text), utf8('aad'));
    this.states[by] = next;
    return bytes;
  }

  async hear(by: number, bytes: Uint8Array): Promise<string> {
    const opened = await engine.open(this.states[by]!, bytes);
    this.states[by] = opened.next;
    return new TextDecoder().decode(opened.plaintext);
  }
}
