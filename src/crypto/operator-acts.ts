import { concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import {
  OPERATOR_ACT_CONTEXT,
  type OperatorStatement,
  operatorActCodec,
  operatorStatementCodec,
} from '../wire/operator-acts.js';
import type { Authority } from './ca.js';
import { verifySignature } from './keys.js';
import type { Trust } from './trust.js';

export function signOperatorAct(authority: Authority, statement: OperatorStatement): Uint8Array {
  const encoded = operatorStatementCodec.encode(statement);
  const signature = authority.signStatement(concat(utf8(OPERATOR_ACT_CONTEXT), encoded));
  return operatorActCodec.encode({ statement: encoded, signature });
}

/** @throws Failure trust 'act-forged' */
export function readOperatorAct(encoded: Uint8Array, trust: Trust): OperatorStatement {
  const { statement: signed, signature } = operatorActCodec.decode(encoded);
  const statement = operatorStatementCodec.decode(signed);
  const valid = verifySignature(trust.publicKey, concat(utf8(OPERATOR_ACT_CONTEXT), signed), signature);
  if (valid && statement.directory === trust.directoryId) return statement;
  throw new Failure('act-forged', 'an act of the operator in the ledger was not signed by the directory', {
    hint: "Nothing of it counts. Tell the directory's operator.",
  });
}
