import { appendSteps } from './judge.js';
import { assertKey, assertSpace } from './keys.js';
import type { LocalStore, Step } from './local.js';
import type {
  AppendOptions,
  KeyedRecord,
  Log,
  LogEnds,
  LogEntry,
  Logs,
  RangeOptions,
  Records,
  Revision,
  Versioned,
} from './store.js';

/** What an implementation gives; Records and Logs are made from it. */
export interface Core {
  write: LocalStore['write'];
  get(space: string, key: string): Promise<Versioned | undefined>;
  range(space: string, options: RangeOptions): AsyncIterable<KeyedRecord>;
  read(space: string, log: string, from: number, limit: number): AsyncIterable<LogEntry>;
  ends(space: string, log: string): Promise<LogEnds>;
  trim(space: string, log: string, before: number): Promise<void>;
  deleteLog(space: string, log: string): Promise<void>;
  logNames(space: string, prefix: string): AsyncIterable<string>;
}

export function recordsOf(core: Core, space: string): Records {
  assertSpace(space);
  const one = async (step: Step): Promise<Revision> => (await core.write([step]))[0]!;
  return {
    async get(key) {
      assertKey(key);
      return core.get(space, key);
    },
    create: (key, value) => one({ kind: 'create', space, key, value }),
    replace: (key, value, expect) => one({ kind: 'replace', space, key, value, expect }),
    put: (key, value) => one({ kind: 'put', space, key, value }),
    async delete(key, expect) {
      await one({ kind: 'delete', space, key, ...(expect === undefined ? {} : { expect }) });
    },
    range: (options = {}) => core.range(space, options),
  };
}

export function logsOf(core: Core, space: string): Logs {
  assertSpace(space);
  return {
    log(name) {
      assertKey(name);
      return logOf(core, space, name);
    },
    names: ({ prefix = '' } = {}) => core.logNames(space, prefix),
  };
}

function logOf(core: Core, space: string, name: string): Log {
  const append = async (values: readonly Uint8Array[], { expect }: AppendOptions = {}): Promise<number> =>
    (await core.write(appendSteps(space, name, values, expect)))[0]!;
  return {
    append: (value, options) => append([value], options),
    appendMany: append,
    read: ({ from = 0, limit = Number.POSITIVE_INFINITY } = {}) => core.read(space, name, from, limit),
    ends: () => core.ends(space, name),
    trim: (before) => core.trim(space, name, before),
    delete: () => core.deleteLog(space, name),
  };
}
