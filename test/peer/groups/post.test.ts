import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex } from '../../../src/base/bytes.js';
import { Failure } from '../../../src/base/errors.js';
import { Scope } from '../../../src/base/scope.js';
import type { Group } from '../../../src/peer/messaging/group/group.js';
import { GroupSender, type GroupSenderInit } from '../../../src/peer/messaging/group/sender.js';

/** Turns of the event loop, for what follows from one another without a clock. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

const group = {
  id: fromHex('0a'),
  row: { name: 'crew', through: 0 },
  roster: { history: 'joined' },
  mls: { state: { epoch: 1 } },
} as unknown as Group;

test('what is given up is the message that was refused, not one before it that has its place already', async () => {
  const refused: string[] = [];
  let told: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    told = resolve;
  });
  const posts: string[] = [];
  const kept = new Set<number>();
  const poster: GroupSender = new GroupSender({
    scope: new Scope(),
    clock: { after: () => () => {} },
    random: { bytes: (size: number) => new Uint8Array(size).fill(posts.length + kept.size + 1) },
    mayPost: () => true,
    isOnline: () => kept.size > 1,
    enqueue: (_: Group, work: () => Promise<unknown>) => work(),
    disk: { write: async () => {} },
    groups: { save: () => [] },
    engine: { seal: async (state: object) => ({ next: state, bytes: new Uint8Array(1) }) },
    membership: { clean: async () => {} },
    tables: {
      groupOut: {
        put: ([, order]: [string, number]) => void kept.add(order),
        remove: ([, order]: [string, number]) => void kept.delete(order),
      },
    },
    request: async (_method: string, { id }: { id: Uint8Array }) => {
      posts.push(hex(id));
      if (posts.length > 1) throw new Failure('group-read-only', 'Only moderators write there now.');
      return { seq: 7 };
    },
    report: () => {},
    onRefused: (id: Uint8Array) => {
      refused.push(hex(id));
      told();
    },
  } as unknown as GroupSenderInit);
  const typed = { type: 'delete' as const, id: new Uint8Array(16) };
  await poster.content(group, typed, true);
  await poster.content(group, typed, true);
  await done;
  assert.equal(posts.length, 2);
  assert.deepEqual(refused, [posts[1]]);
  assert.deepEqual([...kept], [1], 'the first one waits for its place in the log');
});

test('messages that wait for the rate of the directory say so, once for a backlog', async () => {
  const reports: string[] = [];
  const later: (() => void)[] = [];
  let refuses = 3;
  const poster: GroupSender = new GroupSender({
    scope: new Scope(),
    clock: {
      after: (_ms: number, work: () => void) => {
        later.push(work);
        return () => {};
      },
    },
    random: { bytes: (size: number) => new Uint8Array(size) },
    mayPost: () => true,
    isOnline: () => true,
    enqueue: (_: Group, work: () => Promise<unknown>) => work(),
    disk: { write: async () => {} },
    groups: { save: () => [] },
    engine: { seal: async (state: object) => ({ next: state, bytes: new Uint8Array(1) }) },
    membership: { clean: async () => {} },
    tables: { groupOut: { put: () => {}, remove: () => {} } },
    request: async () => {
      if (refuses-- > 0) throw new Failure('rate-limited', 'more than 20 messages a second: wait 1 s');
      return { seq: 7 };
    },
    report: (what: string, error: Failure) => void reports.push(`${what}: ${error.message}`),
  } as unknown as GroupSenderInit);
  await poster.content(group, { type: 'delete' as const, id: new Uint8Array(16) }, true);
  for (let round = 0; round < 4; round++) {
    await turns();
    for (const work of later.splice(0)) work();
  }
  assert.deepEqual(reports, ['messages to #crew wait: more than 20 messages a second: wait 1 s']);
});
