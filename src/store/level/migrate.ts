import { asBuffer } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { damaged, newer } from '../failures.js';
import type { Step } from '../local.js';
import type { Log, Logs, Records } from '../store.js';
import type { Op } from './commit.js';
import type { Database } from './database.js';
import type { Engine } from './engine.js';
import { seal, unseal } from './envelope.js';
import { ids } from './ids.js';

/** The format of a store that no migration has changed. */
const FIRST_FORMAT = 1;

const ID = ids.meta('format');

/** What a migration sees: the store as it was, to read. */
interface OldStore {
  records(space: string): Pick<Records, 'get' | 'range'>;
  logs(space: string): Pick<Logs, 'names'> & { log(name: string): Pick<Log, 'read' | 'ends'> };
}

type MigrationStep =
  | Step
  /** Another value in the place of an entry that is there. */
  | {
      readonly kind: 'rewrite';
      readonly space: string;
      readonly log: string;
      readonly position: number;
      readonly value: Uint8Array;
    };

/**
 * One change of what the program keeps and how. All its steps and the new format number are written in one batch, so
 * that a program killed at any time leaves the old or the new, whole; what it changes must fit into memory.
 */
export interface Migration {
  /** The format it leads to: 2 for the first one, then 3, and so on. */
  readonly format: number;
  readonly title: string;
  steps(old: OldStore): AsyncIterable<MigrationStep>;
}

export interface MigrationRun {
  readonly database: Database;
  readonly engine: Engine;
  readonly old: OldStore;
  readonly migrations: readonly Migration[];
  /** Nothing was ever written: it begins in the newest format. */
  readonly fresh: boolean;
  readonly log: Logger;
}

/** Brings the store to the newest format. Throws `store-newer` if it is beyond that. */
export async function migrate(run: MigrationRun): Promise<void> {
  const { database, engine, old, migrations, fresh, log } = run;
  assertNumbered(migrations);
  const newest = FIRST_FORMAT + migrations.length;
  if (fresh) return engine.commit.add([formatOp(newest)]);
  const found = readFormat(await database.get(ID));
  if (found > newest) throw newer(found, newest);
  for (const migration of migrations.slice(found - FIRST_FORMAT)) {
    log.info('store migration', { format: migration.format, title: migration.title });
    const steps: Step[] = [];
    const rewrites: Op[] = [];
    for await (const step of migration.steps(old)) {
      if (step.kind === 'rewrite') rewrites.push(await rewriteOp(database, step));
      else steps.push(step);
    }
    await engine.ledger.write(steps, [...rewrites, formatOp(migration.format)]);
  }
}

function assertNumbered(migrations: readonly Migration[]): void {
  const wrong = migrations.find(({ format }, index) => format !== FIRST_FORMAT + index + 1);
  if (wrong === undefined) return;
  throw new Failure('store-migrations', `The migration '${wrong.title}' has the wrong format number.`);
}

async function rewriteOp(database: Database, step: MigrationStep & { kind: 'rewrite' }): Promise<Op> {
  const key = ids.entry(step.space, step.log, step.position);
  if ((await database.get(key)) === undefined) {
    throw new Failure('store-migrations', `There is no entry ${step.position} in '${step.log}' to rewrite.`);
  }
  return { type: 'put', key, value: seal(key, step.value) };
}

/** The number in 4 bytes, big-endian. */
function formatOp(format: number): Op {
  const body = new Uint8Array(4);
  asBuffer(body).writeUInt32BE(format);
  return { type: 'put', key: ID, value: seal(ID, body) };
}

function readFormat(sealed: Uint8Array | undefined): number {
  if (sealed === undefined) throw damaged('its format is not recorded');
  return asBuffer(unseal(ID, sealed)).readUInt32BE();
}
