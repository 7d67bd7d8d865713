import * as v from 'valibot';
import { ACT_BYTES } from '../../wire/limits.js';
import { bytes, count, exactly } from '../../wire/schema.js';

/** `told`: the newest act of the operator that this device has heard of. */
export const ledgerRow = v.object({ number: count(), head: exactly(32), told: v.optional(count()) });

/** An act of the ledger that was shown whole, as it came. */
export const ledgerActRow = v.object({ number: count(), act: bytes(ACT_BYTES), operator: v.optional(v.literal(true)) });
export type LedgerActRow = v.InferOutput<typeof ledgerActRow>;
