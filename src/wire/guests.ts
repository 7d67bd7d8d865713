import * as v from 'valibot';
import {
  DEPOSIT_BLOCK_BYTES,
  DEPOSIT_BLOCKS,
  GUEST_COUNT,
  GUEST_DROPS,
  GUEST_HEAD_BYTES,
  GUEST_KEY_BYTES,
  GUEST_LINKS,
  GUEST_URL_BYTES,
} from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';
import { UPLOAD_OVERHEAD } from './uploads.js';

/**
 * Links for people without p2pchat. The directory holds what is behind a link sealed, how often it may be used and until
 * when; the key stands behind the `#` of the link, which no browser sends. Who comes with a link proves by `access`, which is
 * derived from that key, that all of it is there; the directory has the hash of it.
 */

const one = { link: exactly(16) };
const block = count(DEPOSIT_BLOCKS);
const sealed = bytes(DEPOSIT_BLOCK_BYTES + UPLOAD_OVERHEAD, 1);
const size = count(DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES);
const head = bytes(GUEST_HEAD_BYTES, 1);
/** `laying`: its content is not all there. */
const state = v.picklist(['laying', 'open', 'ended']);

/** A link as its maker sees it: how often it was used, and how often to the end. */
const linkView = v.object({
  ...one,
  kind: v.picklist(['share', 'collect']),
  state,
  at: time(),
  expires: time(),
  count: count(GUEST_COUNT),
  used: count(GUEST_COUNT),
  done: count(GUEST_COUNT),
  /** Files handed in that none of the account's devices has fetched. */
  waiting: count(GUEST_COUNT),
});
export type GuestLinkView = v.InferOutput<typeof linkView>;

/** What every new link says: sealed words for whoever opens it, what proves it, how often, and for how many milliseconds. */
const terms = { head, proof: exactly(32), count: v.pipe(count(GUEST_COUNT), v.minValue(1)), lasts: count() };

const visit = exactly(16);
const key = exactly(GUEST_KEY_BYTES);
/** A file handed in: its size, what opens it for whoever has the private key of the link, and its name, sealed. */
const drop = { size, enc: key, head };

/** Of the device that makes links. */
export const guestMethods = {
  /**
   * Takes room for a file of `size` bytes behind a new link, or goes on with it: the first `have` blocks are there. Links begin
   * with `url`. Fails with 'guests-off', 'guest-links-full', 'upload-quota'.
   */
  'guests.share': method(
    v.object({ ...one, ...terms, size }),
    v.object({ have: count(), finished: v.boolean(), expires: time(), url: text(GUEST_URL_BYTES) }),
  ),
  'guests.put': method(v.object({ ...one, block, sealed }), nothing),
  /** All blocks are there: from now on the link opens, until `expires`. */
  'guests.finish': method(v.object(one), v.object({ expires: time() })),
  /** Makes a link by which guests hand in files of up to `size` bytes, sealed to `key`. Fails as 'guests.share' does. */
  'guests.collect': method(
    v.object({ ...one, ...terms, size, key }),
    v.object({ expires: time(), url: text(GUEST_URL_BYTES) }),
  ),
  /** What was handed in and not fetched, the first of it, also when the link is over. */
  'guests.drops': method(v.object(one), v.object({ drops: list(v.object({ visit, ...drop }), GUEST_DROPS) })),
  'guests.get': method(v.object({ ...one, visit, block }), v.object({ sealed })),
  /** It is here, or of no use: the directory forgets it, and tells the guest that it was fetched. */
  'guests.taken': method(v.object({ ...one, visit }), nothing),
  /** The account's links; those that are over for a while. */
  'guests.list': method(v.object({}), v.object({ links: list(linkView, GUEST_LINKS) })),
  /** By who made it, or an admin. */
  'guests.end': method(v.object(one), nothing),
};

const proven = { ...one, access: exactly(32) };

/** Of a guest's browser, by HTTP: the directory makes these of paths and bodies (docs/protocol.md). */
export const visitMethods = {
  /** What there is to be had. Uses nothing up. */
  'guest.open': method(
    v.object(proven),
    v.object({ head, size, left: count(GUEST_COUNT), expires: time(), key: v.optional(key) }),
  ),
  /** Begins a visit, which takes one use; the same visit again takes none. Fails with 'guest-link-used'. */
  'guest.visit': method(v.object({ ...proven, visit }), nothing),
  'guest.get': method(v.object({ ...proven, visit, block }), v.object({ sealed })),
  /**
   * Begins to hand in a file, which takes one use, or goes on with it: the first `have` blocks are there. Fails with
   * 'guest-link-used', 'guest-too-large', 'upload-quota'.
   */
  'guest.drop': method(v.object({ ...proven, visit, ...drop }), v.object({ have: count() })),
  'guest.put': method(v.object({ ...proven, visit, block, sealed }), nothing),
  /** How far a visit is; `taken` when what was handed in has been fetched. */
  'guest.look': method(v.object({ ...proven, visit }), v.object({ state: v.picklist(['begun', 'done', 'taken']) })),
  /** The guest has all of it, or has handed in all of it. */
  'guest.done': method(v.object({ ...proven, visit }), nothing),
};
export type VisitMethods = typeof visitMethods;
