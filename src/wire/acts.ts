import * as v from 'valibot';
import { ACT_BYTES, CERTIFICATE_BYTES, EXPIRE_MAX_SECONDS, NAME_CHARS, PINS, REASON_CHARS } from './limits.js';
import { roleSchema } from './roles.js';
import { bytes, codec, count, exactly, list, text, time } from './schema.js';

/**
 * Acts: what a person does to a group, or to another account of the directory. The statement is signed by the person's
 * device, so the directory can't act for anybody; the directory seals it with the roles as they were, so that everybody
 * judges it alike and for ever. Each names the head of the chain it follows: none can be played again, left out or moved.
 */

const userName = text(NAME_CHARS);
const target = { user: userName };
const reason = { reason: v.optional(text(REASON_CHARS * 4)) };
const common = {
  /** The directory's id. */
  directory: text(64),
  /** The group it is about; absent for acts on the directory itself. */
  group: v.optional(exactly(16)),
  /** Head of the chain before this act; zeros for the first. */
  previous: exactly(32),
  at: time(),
};

export const groupKind = v.picklist(['open', 'invite']);
export type GroupKind = v.InferOutput<typeof groupKind>;
export const groupHistory = v.picklist(['shared', 'joined']);
export type GroupHistory = v.InferOutput<typeof groupHistory>;

const statementSchema = v.variant('action', [
  v.object({ ...common, action: v.literal('create'), name: userName, kind: groupKind, history: groupHistory }),
  /** The identity key says who is meant, as the actor knows the person. */
  v.object({ ...common, ...target, action: v.literal('invite'), identityKey: exactly(32) }),
  v.object({ ...common, ...target, action: v.literal('add'), identityKey: exactly(32) }),
  v.object({ ...common, action: v.literal('join') }),
  v.object({ ...common, action: v.literal('leave') }),
  v.object({ ...common, ...target, ...reason, action: v.literal('remove') }),
  v.object({ ...common, ...target, ...reason, action: v.literal('kick') }),
  v.object({ ...common, ...target, ...reason, action: v.literal('ban'), until: v.optional(time()) }),
  v.object({ ...common, ...target, ...reason, action: v.literal('unban') }),
  v.object({ ...common, ...target, ...reason, action: v.literal('role'), role: roleSchema }),
  /** Of the directory: the account logs in by its password alone, until its owner sets up another second factor. */
  v.object({ ...common, ...target, ...reason, action: v.literal('reset-second-factor') }),
  /** The keys of the group begin anew, with the actor's device alone: a commit which nobody can follow ended the old ones. */
  v.object({ ...common, action: v.literal('renew'), epoch: count() }),
  v.object({
    ...common,
    action: v.literal('settings'),
    /** Seconds between two messages of one member; 0 for none. */
    slow: count(86_400),
    readOnly: v.boolean(),
    /** The life of new messages in seconds, 0 for no end; as it was, if left out. */
    expire: v.optional(count(EXPIRE_MAX_SECONDS)),
    /** The messages that are pinned, in the order in which they were; as they were, if left out. */
    pins: v.optional(list(exactly(16), PINS)),
    /** Who can write again only from then on, or at once without `until`; the others as they were. */
    silence: v.optional(v.object({ ...target, ...reason, until: v.optional(time()) })),
  }),
]);
export type Statement = v.InferOutput<typeof statementSchema>;
export type ActAction = Statement['action'];
export const statementCodec = codec(statementSchema, ACT_BYTES);

/** Stands before the encoded statement under the device's signature, and before what the directory seals. */
export const ACT_CONTEXT = 'p2pchat/1 act\0';
export const SEAL_CONTEXT = 'p2pchat/1 act seal\0';

const sealSchema = v.object({
  /** SHA-256 over statement and signature. */
  digest: exactly(32),
  /** Of the actor, and of the person it is done to, when the directory took the act. */
  role: roleSchema,
  targetRole: v.optional(roleSchema),
  at: time(),
});
export type Seal = v.InferOutput<typeof sealSchema>;
export const sealCodec = codec(sealSchema, 512);

const actSchema = v.object({
  statement: bytes(ACT_BYTES),
  signature: exactly(64),
  /** The actor's device certificate, DER. */
  certificate: bytes(CERTIFICATE_BYTES),
  seal: bytes(512),
  /** By the directory's CA key. */
  sealSignature: exactly(64),
});
export type SealedAct = v.InferOutput<typeof actSchema>;
export const actCodec = codec(actSchema, ACT_BYTES);

/** An act whose signatures have been verified. */
export interface Act {
  readonly statement: Statement;
  readonly by: {
    readonly user: string;
    readonly folded: string;
    readonly device: string;
    readonly identityKey: Uint8Array;
  };
  readonly seal: Seal;
}
