import { CODES } from '../../src/base/errors/codes.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { HOSTILE } from '../support/hostile-text.js';
import { altered, oneIn, pick, worded } from './chance.js';
import { brokenFrame } from './frames.js';

/**
 * What a hostile directory says in place of what it ought to. It has its own keys and is asked by people who trust it, so
 * everything it says is well signed as far as the channel goes.
 */

type Said = Readonly<Record<string, unknown>>;
export type Lie = (said: Said, random: Random) => readonly Uint8Array[];

const framed = (said: Said): Uint8Array => encodeFrame(encodeCbor(said));
const CODE_NAMES = Object.entries(CODES);
/** What it said earlier. */
const earlier: Said[] = [];

/** Some of what is said is said otherwise; the rest is true, so that the conversation gets somewhere. */
const sometimes =
  (odds: number, lie: Lie): Lie =>
  (said, random) =>
    oneIn(random, odds) ? lie(said, random) : [framed(said)];

const inside = (said: Said, change: (content: unknown) => unknown): Said => ({
  ...said,
  ...('r' in said && { r: change(said.r) }),
  ...('p' in said && { p: change(said.p) }),
});

export const LIES = {
  'other values': sometimes(2, (said, random) => [framed(inside(said, (content) => altered(content, random)))]),
  'hostile words': sometimes(2, (said) => [framed(inside(said, worded))]),
  refusals: sometimes(3, (said, random) => {
    if (said.t !== 'a') return [framed(said)];
    const [code, [reason]] = pick(random, CODE_NAMES);
    const e = { reason, code, message: HOSTILE, hint: HOSTILE, details: { nearest: HOSTILE, seconds: 2 } };
    return [framed({ t: 'a', i: said.i, e })];
  }),
  'old answers': (said, random) => {
    const like = earlier.filter(({ t, m }) => t === said.t && m === said.m);
    earlier.push(said);
    if (earlier.length > 300) earlier.splice(randomBelow(random, 300), 1);
    if (like.length === 0 || !oneIn(random, 3)) return [framed(said)];
    const old = pick(random, like);
    return [framed(said.t === 'a' ? { ...old, i: said.i } : old), framed(said)];
  },
  silence: sometimes(3, () => []),
  'everything twice': (said) => [framed(said), framed(said)],
  'broken frames': sometimes(3, (_said, random) => [brokenFrame(random)]),
} as const satisfies Record<string, Lie>;

export type LieName = keyof typeof LIES;

/** What leaves in place of a frame. */
export function liedAbout(frame: Uint8Array, lie: Lie, random: Random): readonly Uint8Array[] {
  return lie(decodeCbor(frame.subarray(4), FRAME_BYTES) as Said, random);
}
