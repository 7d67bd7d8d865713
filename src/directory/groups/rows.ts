import * as v from 'valibot';
import { ACT_BYTES, GROUP_INFO_BYTES, NAME_CHARS, SEALED_BYTES } from '../../wire/limits.js';
import { bytes, codec, count, exactly, list, text, time } from '../../wire/schema.js';

/** What is stored of named groups. */

const ROW_BYTES = 1 << 20;
const from = v.object({ user: text(NAME_CHARS), device: text(16) });

/** An entry of a group's log; its position is its place there. */
export const storedEntryCodec = codec(
  v.variant('kind', [
    v.object({ kind: v.literal('act'), act: bytes(ACT_BYTES) }),
    v.object({ kind: v.literal('commit'), epoch: count(), commit: bytes(SEALED_BYTES), from }),
    v.object({
      kind: v.literal('message'),
      id: exactly(16),
      epoch: count(),
      sealed: bytes(SEALED_BYTES),
      from,
      at: time(),
    }),
  ]),
  ROW_BYTES,
);
export type StoredEntry = ReturnType<typeof storedEntryCodec.decode>;

/** An entry of the log of acts; in the ledger's, it may be the operator's. */
export const storedActCodec = codec(
  v.object({ seq: count(), act: bytes(ACT_BYTES), operator: v.optional(v.literal(true)) }),
  ROW_BYTES,
);

/** Key: the folded name. */
export const groupNameCodec = codec(v.object({ name: text(NAME_CHARS), group: exactly(16) }), ROW_BYTES);

/** Key: hex of the group's id. */
export const groupInfoCodec = codec(v.object({ epoch: count(), info: bytes(GROUP_INFO_BYTES) }), ROW_BYTES);

/** Key: hex of the group's id / epoch. Counts for the devices named, if `from` made the commit which ends the epoch. */
export const welcomeCodec = codec(
  v.object({ from, devices: list(text(16), 64), welcome: bytes(GROUP_INFO_BYTES) }),
  ROW_BYTES,
);

/** Key: folded name / hex of a group's id: groups the account may have to do with. */
export const membershipCodec = codec(v.object({}), ROW_BYTES);
