import * as v from 'valibot';
import { registrationSchema } from './directory.js';
import { ACT_BYTES, NAME_CHARS } from './limits.js';
import { bytes, codec, exactly, text, time } from './schema.js';

/**
 * Acts of the operator: what whoever runs the directory does to an account or to the directory at its console. They stand
 * in the ledger's chain among the acts of people, signed by the CA key: there is no other name for an operator.
 */

const common = { directory: text(64), previous: exactly(32), at: time() };
const target = { user: text(NAME_CHARS) };

const operatorStatementSchema = v.variant('action', [
  v.object({ ...common, ...target, action: v.literal('reset-second-factor') }),
  v.object({ ...common, ...target, action: v.literal('unblock') }),
  /** The account is super-admin from then on; whoever was is beginner. */
  v.object({ ...common, ...target, action: v.literal('owner') }),
  v.object({ ...common, ...target, action: v.literal('account-remove') }),
  /** The name may be registered anew, with another identity. */
  v.object({ ...common, ...target, action: v.literal('account-reset') }),
  v.object({ ...common, action: v.literal('registration'), mode: registrationSchema }),
]);
export type OperatorStatement = v.InferOutput<typeof operatorStatementSchema>;
export const operatorStatementCodec = codec(operatorStatementSchema, ACT_BYTES);

export const operatorActCodec = codec(v.object({ statement: bytes(ACT_BYTES), signature: exactly(64) }), ACT_BYTES);

/** Stands before the encoded statement under the signature. */
export const OPERATOR_ACT_CONTEXT = 'p2pchat/1 operator act\0';

/** How the operator is named among people: no account can have this name. */
export const OPERATOR = '(operator)';
