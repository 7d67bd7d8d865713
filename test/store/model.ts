import * as fc from 'fast-check';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import { Failure } from '../../src/base/errors.js';
import type { LocalStore, Step } from '../../src/store/local.js';
import { all } from './support.js';

/** What one may do to a store, with few keys so that they meet. `expect` of a record: the revision it has, or not. */
type Action =
  | { readonly do: 'write'; readonly steps: readonly Intent[] }
  | { readonly do: 'trim'; readonly log: string; readonly before: number }
  | { readonly do: 'forget'; readonly log: string }
  | { readonly do: 'reopen' };

type Intent =
  | {
      readonly kind: 'create' | 'put' | 'replace' | 'delete';
      readonly key: string;
      readonly value: string;
      readonly right: boolean;
    }
  | {
      readonly kind: 'append';
      readonly log: string;
      readonly value: string;
      readonly expect: 'none' | 'right' | 'wrong';
    };

const key = fc.constantFrom('a', 'a/b', 'a-b', 'b');
const log = fc.constantFrom('x', 'x/y', 'z');
const value = fc.string({ maxLength: 8 });
const intent: fc.Arbitrary<Intent> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('create' as const, 'put' as const, 'replace' as const, 'delete' as const),
    key,
    value,
    right: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('append' as const),
    log,
    value,
    expect: fc.constantFrom('none' as const, 'right' as const, 'wrong' as const),
  }),
);

export const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        steps: fc.array(intent, { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('trim' as const), log, before: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), log }) },
    { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
  ),
  { maxLength: 40 },
);

interface ModelLog {
  readonly first: number;
  readonly values: readonly string[];
}

/** The store as plain as can be said. */
export class Model {
  records = new Map<string, string>();
  logs = new Map<string, ModelLog>();

  /** Whether all steps apply; if not, nothing is changed. */
  write(steps: readonly Intent[]): boolean {
    const records = new Map(this.records);
    const logs = new Map(this.logs);
    for (const step of steps) {
      if (step.kind === 'append') {
        if (step.expect === 'wrong') return false;
        const { first, values } = logs.get(step.log) ?? { first: 0, values: [] };
        logs.set(step.log, { first, values: [...values, step.value] });
        continue;
      }
      const there = records.has(step.key);
      if (step.kind === 'create' && there) return false;
      if (step.kind === 'replace' && !(there && step.right)) return false;
      if (step.kind === 'delete' && !step.right) return false;
      if (step.kind === 'delete') records.delete(step.key);
      else records.set(step.key, step.value);
    }
    this.records = records;
    this.logs = logs;
    return true;
  }

  trim(name: string, before: number): void {
    const found = this.logs.get(name);
    if (found === undefined) return;
    const count = Math.min(found.values.length, Math.max(0, before - found.first));
    this.logs.set(name, { first: found.first + count, values: found.values.slice(count) });
  }

  /** In the form of `stateOf`. */
  state(): unknown {
    const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1);
    return {
      records: [...this.records].sort(byName),
      logs: [...this.logs].sort(byName).map(([name, { first, values }]) => ({
        name,
        ends: { first, next: first + values.length },
        entries: values.map((text, index) => [first + index, text]),
      })),
    };
  }
}

export async function stateOf(store: LocalStore): Promise<unknown> {
  const records = (await all(store.records('s').range())).map((record) => [record.key, fromUtf8(record.value)]);
  const logs = [];
  for await (const name of store.logs('s').names()) {
    const entries = (await all(store.logs('s').log(name).read())).map((entry) => [
      entry.position,
      fromUtf8(entry.value),
    ]);
    logs.push({ name, ends: await store.logs('s').log(name).ends(), entries });
  }
  return { records, logs };
}

/**
 * The intents as steps for the store as it is. A revision made within the same batch cannot be known beforehand, nor can
 * a right expectation of one then be said: undefined.
 */
export async function stepsFor(store: LocalStore, intents: readonly Intent[]): Promise<Step[] | undefined> {
  const steps: Step[] = [];
  const appended = new Map<string, number>();
  const touched = new Set<string>();
  for (const one of intents) {
    if (one.kind === 'append') {
      const { next } = await store.logs('s').log(one.log).ends();
      const position = next + (appended.get(one.log) ?? 0);
      appended.set(one.log, position - next + 1);
      const expect = one.expect === 'none' ? {} : { expect: one.expect === 'right' ? position : position + 1 };
      steps.push({ kind: 'append', space: 's', log: one.log, value: utf8(one.value), ...expect });
      continue;
    }
    const { revision = 0 } = (await store.records('s').get(one.key)) ?? {};
    const expect = one.right ? revision : revision + 1_000_000_000;
    const content = { space: 's', key: one.key, value: utf8(one.value) };
    if (one.kind === 'create' || one.kind === 'put') steps.push({ kind: one.kind, ...content });
    else if (one.kind === 'delete' && one.right) steps.push({ kind: 'delete', space: 's', key: one.key });
    else if (touched.has(one.key) && one.right) return undefined;
    else if (one.kind === 'replace') steps.push({ kind: 'replace', ...content, expect: expect === 0 ? 1 : expect });
    else steps.push({ kind: 'delete', space: 's', key: one.key, expect });
    touched.add(one.key);
  }
  return steps;
}

/** Whether a write was done; errors other than lost compare-and-sets are thrown on. */
export async function succeeded(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Failure && (error.code === 'store-exists' || error.code === 'store-conflict')) return false;
    throw error;
  }
}
