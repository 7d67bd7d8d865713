import { badName, conflict, exists, tooLarge } from './failures.js';
import { assertKey, assertSpace, assertValue } from './keys.js';
import type { Step } from './local.js';
import { type LogEnds, MAX_VALUE_BYTES, type Revision } from './store.js';

/** What steps are judged against: the latest state, whether it is on disk already or on the way there. */
export interface Standing {
  /** 0 where there is no record. Asked only for steps that `needsRevision`. */
  revision(space: string, key: string): Revision;
  ends(space: string, log: string): LogEnds;
}

export type Change =
  | {
      readonly kind: 'set';
      readonly space: string;
      readonly key: string;
      readonly value: Uint8Array;
      readonly revision: Revision;
    }
  | { readonly kind: 'remove'; readonly space: string; readonly key: string }
  | {
      readonly kind: 'entry';
      readonly space: string;
      readonly log: string;
      readonly value: Uint8Array;
      readonly position: number;
    };

export interface Verdict {
  readonly changes: readonly Change[];
  /** Per step its revision or position, 0 for a delete. */
  readonly results: readonly number[];
}

/** Whether judging the step takes the record's revision. */
export const needsRevision = (step: Step): boolean =>
  step.kind === 'create' || step.kind === 'replace' || (step.kind === 'delete' && step.expect !== undefined);

export function assertStep(step: Step): void {
  assertSpace(step.space);
  assertKey(step.kind === 'append' ? step.log : step.key);
  if (step.kind !== 'delete') assertValue(step.value);
}

/** Decides a batch: what it changes, or the Failure that refuses it. Nothing is changed here. */
export function judge(steps: readonly Step[], standing: Standing, nextRevision: () => Revision): Verdict {
  const revisions = new Map<string, Revision>();
  const nexts = new Map<string, number>();
  const changes: Change[] = [];
  const results = steps.map((step, index) => {
    if (step.kind === 'append') {
      const id = `${step.space}/${step.log}`;
      const position = nexts.get(id) ?? standing.ends(step.space, step.log).next;
      assertPosition(step, position, index);
      nexts.set(id, position + 1);
      changes.push({ kind: 'entry', space: step.space, log: step.log, value: step.value, position });
      return position;
    }
    const id = `${step.space}/${step.key}`;
    if (needsRevision(step)) {
      assertRevision(step, revisions.get(id) ?? standing.revision(step.space, step.key), index);
    }
    if (step.kind === 'delete') {
      revisions.set(id, 0);
      changes.push({ kind: 'remove', space: step.space, key: step.key });
      return 0;
    }
    const revision = nextRevision();
    revisions.set(id, revision);
    changes.push({ kind: 'set', space: step.space, key: step.key, value: step.value, revision });
    return revision;
  });
  return { changes, results };
}

function assertPosition(step: Step & { kind: 'append' }, position: number, index: number): void {
  if (step.expect === undefined || step.expect === position) return;
  throw conflict(`The log '${step.log}'`, { log: step.log, position, step: index });
}

function assertRevision(step: Exclude<Step, { kind: 'append' }>, actual: Revision, index: number): void {
  if (step.kind === 'create') {
    if (actual !== 0) throw exists(step.key, { step: index });
    return;
  }
  if (step.kind === 'put' || step.expect === actual) return;
  throw conflict(`'${step.key}'`, { key: step.key, revision: actual, step: index });
}

/** The steps of an append of several values. */
export function appendSteps(
  space: string,
  log: string,
  values: readonly Uint8Array[],
  expect: number | undefined,
): readonly Step[] {
  const [first, ...rest] = values;
  if (first === undefined) throw badName('an append of nothing', log);
  assertTogether(values);
  return [
    { kind: 'append', space, log, value: first, ...(expect === undefined ? {} : { expect }) },
    ...rest.map((value) => ({ kind: 'append', space, log, value }) as const),
  ];
}

export function assertTogether(values: readonly Uint8Array[]): void {
  const size = values.reduce((sum, value) => sum + value.length, 0);
  if (size > MAX_VALUE_BYTES) throw tooLarge(size, MAX_VALUE_BYTES);
}
