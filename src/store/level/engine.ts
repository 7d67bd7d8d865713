import type { Logger } from '../../base/log.js';
import { GroupCommit } from './commit.js';
import type { Durable } from './durable.js';
import { explainWrite } from './failures.js';
import { Ledger } from './ledger.js';
import { LevelLogs } from './logs.js';

/** What is known in memory of an opened database. It ends with the first write that fails. */
export interface Engine {
  readonly commit: GroupCommit;
  readonly ledger: Ledger;
  readonly logs: LevelLogs;
}

export async function startEngine(durable: Durable, log: Logger): Promise<Engine> {
  const { database } = durable;
  const commit = new GroupCommit(
    async (ops) => {
      await database.write(ops);
      durable.advance(ops.length);
    },
    (error) => {
      const failure = explainWrite(error);
      log.error('store write failed', { code: failure.code, error: failure.message });
      return failure;
    },
  );
  const ledger = await Ledger.open(database, commit);
  return { commit, ledger, logs: new LevelLogs(database, commit, ledger.logs) };
}
